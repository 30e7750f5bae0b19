using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>A block of Q6_K in registers of 256 bits, two groups of 16 in each.</summary>
internal readonly unsafe struct Q6KBlockDot : ISuperBlockDot
{
    public static string Name => "avx2";

    public static int Bytes => Q6KDot.Bytes;

    public static int Scale => Q6KDot.SuperScale;

    public static bool HasMinimums => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(byte* block, sbyte* q, short* sums16, short* sums32, out Vector128<int> offsets)
    {
        Vector128<sbyte> bytes = Vector128.Load((sbyte*)block + Q6KDot.Scales);
        Vector256<int> sum = default;
        Vector256<byte> nibble = Vector256.Create((byte)15), two = Vector256.Create((byte)0x30);
        // Scales 0 and 1, each eight times.
        Vector128<byte> pick = Vector128.Create(0x0000000000000000ul, 0x0101010101010101ul).AsByte();
        byte* nibbles = block, top = block + Q6KDot.Top;
        for (int half = 0; half < 2; half++, nibbles += 64, top += 32, q += 128)
        {
            Vector256<byte> a = Vector256.Load(nibbles), b = Vector256.Load(nibbles + 32), bits = Vector256.Load(top);
            sum += Group(a & nibble | (bits.AsUInt16() << 4).AsByte() & two, q, bytes, pick);
            pick += Vector128.Create((byte)2);
            sum += Group(b & nibble | (bits.AsUInt16() << 2).AsByte() & two, q + 32, bytes, pick);
            pick += Vector128.Create((byte)2);
            sum += Group((a.AsUInt16() >> 4).AsByte() & nibble | bits & two, q + 64, bytes, pick);
            pick += Vector128.Create((byte)2);
            sum += Group((b.AsUInt16() >> 4).AsByte() & nibble | (bits.AsUInt16() >> 2).AsByte() & two, q + 96, bytes, pick);
            pick += Vector128.Create((byte)2);
        }
        offsets = default;
        return SuperSum.Fold(sum - (X86.Avx2.MultiplyAddAdjacent(X86.Avx2.ConvertToVector256Int16(bytes), Vector256.Load(sums16)) << Q6KDot.ZeroShift));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Group(Vector256<byte> weights, sbyte* q, Vector128<sbyte> scales, Vector128<byte> pick) =>
        X86.Avx2.MultiplyAddAdjacent(
            X86.Avx2.MultiplyAddAdjacent(weights, Vector256.Load(q)),
            X86.Avx2.ConvertToVector256Int16(X86.Ssse3.Shuffle(scales.AsByte(), pick).AsSByte()));
}
