using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Abstractions.Quantization;

public static unsafe partial class GroupUnpack
{
    private const int Read = 64;

    // What is unpacked next is asked for meanwhile: of 4, 8 and no KB ahead the fastest.
    private const int Ahead = 8192;

    /// <summary>Four groups at a time, two in a vector, from one read or two. Reads that cross a line are what it costs: one for low and high bits each took a quarter longer.</summary>
    /// <returns>The number of groups that it has done: the last ones have fewer than 64 bytes.</returns>
    private static int Fours<TLow>(byte* low, byte* high, int stride, int groups, byte* values)
        where TLow : struct, ILowBits
    {
        byte* first = high != null && high < low ? high : low;
        long length = Math.Max(low - first + TLow.Bytes, high == null ? 0 : high - first + sizeof(uint)), room = (groups - 1) * (long)stride + length - Read;
        if (room < 0 || stride + length > Read)
            return 0;
        // No read may reach further than the last group; where two are needed, the second begins two groups later.
        bool one = 3L * stride + length <= Read;
        int last = (int)Math.Min(groups - 3, room / stride + (one ? 1 : -1));
        Spread<TLow> spread = new((int)(low - first), high == null ? -1 : (int)(high - first), stride);
        Spread<TLow> later = one ? new((int)(low - first) + 2 * stride, high == null ? -1 : (int)(high - first) + 2 * stride, stride) : spread;
        nint two = one ? 0 : 2 * (nint)stride;
        int group = 0;
        for (; group < last; group += 4, first += 4 * (nint)stride, values += 4 * Group)
        {
            Sse.Prefetch0(first + Ahead);
            Vector512<byte> bytes = Vector512.Load(first);
            spread.Two(bytes).Store(values);
            if (!one)
            {
                Sse.Prefetch0(first + Ahead + two);
                bytes = Vector512.Load(first + two);
            }
            later.Two(bytes).Store(values + 2 * Group);
        }
        return group;
    }

    /// <summary>How two groups of 64 bytes become elements: bytes go to their places by permutations, high bits by shifts of their own.</summary>
    private readonly struct Spread<TLow>
        where TLow : struct, ILowBits
    {
        private readonly Vector512<byte> _low, _high, _begins, _bit;

        public Spread(int low, int high, int stride)
        {
            Vector512<byte> second = Vector512.Create(Vector256<byte>.Zero, Vector256.Create((byte)stride));
            _low = Vector512.Create(TLow.Places, TLow.Places) + second + Vector512.Create((byte)low);
            _high = Vector512.Create(0x0302010003020100UL).AsByte() + second + Vector512.Create((byte)high);
            // Of the number, twice in eight bytes, a byte begins with the bits below the element's, so that this one comes to its place.
            Vector256<byte> all = Vector256.Create(0x0706050403020100UL, 0x0F0E0D0C0B0A0908, 0x1716151413121110, 0x1F1E1D1C1B1A1918).AsByte();
            _begins = Vector512.Create(all, all) - Vector512.Create((byte)TLow.Bits);
            _bit = Vector512.Create((byte)(high < 0 ? 0 : 1 << TLow.Bits));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<byte> Two(Vector512<byte> bytes)
        {
            Vector512<byte> low = Avx512F.ShiftRightLogicalVariable(Avx512Vbmi.PermuteVar64x8(bytes, _low).AsUInt64(), Vector512.Create(TLow.Shifts, TLow.Shifts)).AsByte();
            Vector512<byte> high = Avx512Vbmi.MultiShift(_begins, Avx512Vbmi.PermuteVar64x8(bytes, _high).AsUInt64());
            return (low & Vector512.Create((byte)((1 << TLow.Bits) - 1))) | (high & _bit);
        }
    }
}
