using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class Q6KDot
{
    /// <summary>64 weights at a time, in the order of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx512(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
    {
        Vector512<byte> nibble = Vector512.Create((byte)15), top = Vector512.Create((byte)0x30);
        Vector512<short> ones = Vector512.Create((short)1);
        Vector512<int> first = Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        Vector512<int> second = first + Vector512.Create(4), third = first + Vector512.Create(8), fourth = first + Vector512.Create(12);
        // The low nibbles' top bits lie at bits 0 and 2, the high ones' at 4 and 6: all move to bit 4.
        Vector512<ushort> left = Vector512.Create(Vector256.Create((ushort)4), Vector256.Create((ushort)2));
        Vector512<ushort> right = Vector512.Create(Vector256.Create((ushort)0), Vector256.Create((ushort)2));
        nint negatedSums = Int8Activation.NegatedSum4Offset(columns);
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, q = activation;
            float* activationScales = (float*)(activation + Int8Activation.ScaleOffset(columns));
            Vector512<float> sum0 = default, sum1 = default;
            for (int rest = columns; rest > 0; rest -= Columns, block += Bytes, q += Columns, activationScales += Columns / Int8Activation.Group)
            {
                Ahead(block);
                Scale(block, activationScales, out Vector256<float> firstScales, out Vector256<float> lastScales);
                Vector512<float> scales = Vector512.Create(firstScales, lastScales);
                Vector512<byte> packed = Vector512.Load(block);
                Vector256<byte> half = Vector256.Load(block + Top);
                Vector512<ushort> bits = Vector512.Create(half, half).AsUInt16();
                Vector512<byte> low = packed & nibble | Avx512BW.ShiftLeftLogicalVariable(bits, left).AsByte() & top;
                Vector512<byte> high = (packed.AsUInt16() >> 4).AsByte() & nibble | Avx512BW.ShiftRightLogicalVariable(bits, right).AsByte() & top;
                sum0 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, first), Dot(low, q, negatedSums, ones), sum0);
                sum1 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, second), Dot(high, q + 64, negatedSums, ones), sum1);
                packed = Vector512.Load(block + 64);
                half = Vector256.Load(block + Top + 32);
                bits = Vector512.Create(half, half).AsUInt16();
                low = packed & nibble | Avx512BW.ShiftLeftLogicalVariable(bits, left).AsByte() & top;
                high = (packed.AsUInt16() >> 4).AsByte() & nibble | Avx512BW.ShiftRightLogicalVariable(bits, right).AsByte() & top;
                sum0 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, third), Dot(low, q + 128, negatedSums, ones), sum0);
                sum1 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, fourth), Dot(high, q + 192, negatedSums, ones), sum1);
            }
            sum0 += sum1;
            output[row] = Vector256.Sum(sum0.GetLower() + sum0.GetUpper());
        }
    }

    /// <summary>Four groups' dot products, four parts each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Dot(Vector512<byte> weights, byte* q, nint negatedSums, Vector512<short> ones) =>
        Avx512F.ConvertToVector512Single((Vector512.Load((int*)(q + negatedSums)) << ZeroShift)
            + Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights, Vector512.Load((sbyte*)q)), ones));
}
