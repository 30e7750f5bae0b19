using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of Q6_K, 64 weights at a time, in the order of columns.</summary>
internal readonly unsafe struct Q6KTile512 : IRowTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, IRowCount
    {
        Vector512<byte> nibble = Vector512.Create((byte)15), top = Vector512.Create((byte)0x30);
        Vector512<short> ones = Vector512.Create((short)1);
        Vector512<int> spread = Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        // The low nibbles' top bits lie at bits 0 and 2, the high ones' at 4 and 6: all move to bit 4.
        Vector512<ushort> left = Vector512.Create(Vector256.Create((ushort)4), Vector256.Create((ushort)2));
        Vector512<ushort> right = Vector512.Create(Vector256.Create((ushort)0), Vector256.Create((ushort)2));
        nint negatedSums = Int8Activation.NegatedSum4Offset(columns), scaleOffset = Int8Activation.ScaleOffset(columns);
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, a0 = activations, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            Vector512<float> low0 = default, high0 = default, low1 = default, high1 = default;
            Vector512<float> low2 = default, high2 = default, low3 = default, high3 = default;
            for (int column = 0; column < columns; block += Q6KDot.Bytes)
            {
                Q6KScales.Ahead(block);
                Q6KScales.Read(block, out Vector256<float> first, out Vector256<float> last);
                nint at = scaleOffset + column / Int8Activation.Group * sizeof(float);
                Vector512<float> scales0 = Scale(first, last, a0 + at), scales1 = default, scales2 = default, scales3 = default;
                if (TRows.Count > 1)
                    scales1 = Scale(first, last, a1 + at);
                if (TRows.Count > 2)
                    scales2 = Scale(first, last, a2 + at);
                if (TRows.Count > 3)
                    scales3 = Scale(first, last, a3 + at);
                Vector512<int> groups = spread;
                for (int half = 0; half < 2; half++, column += 128)
                {
                    Vector512<byte> packed = Vector512.Load(block + 64 * half);
                    Vector256<byte> two = Vector256.Load(block + Q6KDot.Top + 32 * half);
                    Vector512<ushort> bits = Vector512.Create(two, two).AsUInt16();
                    Vector512<byte> w = packed & nibble | Avx512BW.ShiftLeftLogicalVariable(bits, left).AsByte() & top;
                    low0 = Add(low0, scales0, groups, w, a0 + column, negatedSums, ones);
                    if (TRows.Count > 1)
                        low1 = Add(low1, scales1, groups, w, a1 + column, negatedSums, ones);
                    if (TRows.Count > 2)
                        low2 = Add(low2, scales2, groups, w, a2 + column, negatedSums, ones);
                    if (TRows.Count > 3)
                        low3 = Add(low3, scales3, groups, w, a3 + column, negatedSums, ones);
                    w = (packed.AsUInt16() >> 4).AsByte() & nibble | Avx512BW.ShiftRightLogicalVariable(bits, right).AsByte() & top;
                    groups += Vector512.Create(4);
                    high0 = Add(high0, scales0, groups, w, a0 + column + 64, negatedSums, ones);
                    if (TRows.Count > 1)
                        high1 = Add(high1, scales1, groups, w, a1 + column + 64, negatedSums, ones);
                    if (TRows.Count > 2)
                        high2 = Add(high2, scales2, groups, w, a2 + column + 64, negatedSums, ones);
                    if (TRows.Count > 3)
                        high3 = Add(high3, scales3, groups, w, a3 + column + 64, negatedSums, ones);
                    groups += Vector512.Create(4);
                }
            }
            output[row] = Sum(low0 + high0);
            if (TRows.Count > 1)
                output[row + outputStride] = Sum(low1 + high1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = Sum(low2 + high2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = Sum(low3 + high3);
        }
    }

    /// <summary>Adds four groups' integer dot products, four parts each, times their scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(Vector512<float> sum, Vector512<float> scales, Vector512<int> groups, Vector512<byte> weights, byte* q, nint negatedSums, Vector512<short> ones) =>
        Avx512F.FusedMultiplyAdd(
            Avx512F.PermuteVar16x32(scales, groups),
            Avx512F.ConvertToVector512Single((Vector512.Load((int*)(q + negatedSums)) << Q6KDot.ZeroShift)
                + Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights, Vector512.Load((sbyte*)q)), ones)),
            sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale(Vector256<float> first, Vector256<float> last, byte* activationScales)
    {
        Q6KScales.Apply(activationScales, ref first, ref last);
        return Vector512.Create(first, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector512<float> sum) => Vector256.Sum(sum.GetLower() + sum.GetUpper());
}
