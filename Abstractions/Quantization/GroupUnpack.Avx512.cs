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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        nint two = one ? 0 : 2 * (nint)stride;
        // Bytes go to their places by permutations. Of the number, twice in eight bytes, a byte begins with the bits below the element's, so that this one comes to its place.
        Vector512<byte> second = Vector512.Create(Vector256<byte>.Zero, Vector256.Create((byte)stride)), further = Vector512.Create((byte)(one ? 2 * stride : 0));
        Vector512<byte> places = Vector512.Create(TLow.Places, TLow.Places) + second + Vector512.Create((byte)(low - first)), laterPlaces = places + further;
        Vector512<byte> numbers = Vector512.Create(0x0302010003020100UL).AsByte() + second + Vector512.Create((byte)(high - first)), laterNumbers = numbers + further;
        Vector256<byte> all = Vector256.Create(0x0706050403020100UL, 0x0F0E0D0C0B0A0908, 0x1716151413121110, 0x1F1E1D1C1B1A1918).AsByte();
        Vector512<byte> begins = Vector512.Create(all, all) - Vector512.Create((byte)TLow.Bits), bit = Vector512.Create((byte)(high == null ? 0 : 1 << TLow.Bits));
        Vector512<ulong> shifts = Vector512.Create(TLow.Shifts, TLow.Shifts);
        int group = 0;
        for (; group < last; group += 4, first += 4 * (nint)stride, values += 4 * Group)
        {
            Sse.Prefetch0(first + Ahead);
            Vector512<byte> bytes = Vector512.Load(first);
            Two<TLow>(bytes, places, shifts, numbers, begins, bit).Store(values);
            if (!one)
            {
                Sse.Prefetch0(first + Ahead + two);
                bytes = Vector512.Load(first + two);
            }
            Two<TLow>(bytes, laterPlaces, shifts, laterNumbers, begins, bit).Store(values + 2 * Group);
        }
        return group;
    }

    // Locals, not a type with these vectors: its fields stayed in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Two<TLow>(Vector512<byte> bytes, Vector512<byte> places, Vector512<ulong> shifts, Vector512<byte> numbers, Vector512<byte> begins, Vector512<byte> bit)
        where TLow : struct, ILowBits
    {
        Vector512<byte> low = Avx512F.ShiftRightLogicalVariable(Avx512Vbmi.PermuteVar64x8(bytes, places).AsUInt64(), shifts).AsByte();
        Vector512<byte> high = Avx512Vbmi.MultiShift(begins, Avx512Vbmi.PermuteVar64x8(bytes, numbers).AsUInt64());
        return (low & Vector512.Create((byte)((1 << TLow.Bits) - 1))) | (high & bit);
    }
}
