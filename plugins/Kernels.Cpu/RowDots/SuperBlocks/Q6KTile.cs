using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of Q6_K, 128 weights at a time.</summary>
internal readonly unsafe struct Q6KTile<TByteDot> : IRowTile
    where TByteDot : struct, IByteDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, IRowCount
    {
        const int Groups = Q6KDot.Groups;
        Vector256<byte> nibble = Vector256.Create((byte)15), top = Vector256.Create((byte)0x30);
        nint negatedSums = Int8Activation.NegatedSum4Offset(columns), scaleOffset = Int8Activation.ScaleOffset(columns);
        float* scales = stackalloc float[TRows.Count * Groups];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, a0 = activations, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            Vector256<float> even0 = default, odd0 = default, even1 = default, odd1 = default;
            Vector256<float> even2 = default, odd2 = default, even3 = default, odd3 = default;
            for (int column = 0; column < columns; block += Q6KDot.Bytes)
            {
                Q6KScales.Ahead(block);
                Q6KScales.Read(block, out Vector256<float> first, out Vector256<float> last);
                nint at = scaleOffset + column / Int8Activation.Group * sizeof(float);
                Q6KScales.Store(first, last, a0 + at, scales);
                if (TRows.Count > 1)
                    Q6KScales.Store(first, last, a1 + at, scales + Groups);
                if (TRows.Count > 2)
                    Q6KScales.Store(first, last, a2 + at, scales + 2 * Groups);
                if (TRows.Count > 3)
                    Q6KScales.Store(first, last, a3 + at, scales + 3 * Groups);
                float* s = scales;
                for (byte* nibbles = block, bits = block + Q6KDot.Top; nibbles < block + Q6KDot.Top; nibbles += 64, bits += 32, column += 128, s += 8)
                {
                    Vector256<byte> a = Vector256.Load(nibbles), b = Vector256.Load(nibbles + 32), two = Vector256.Load(bits);
                    Vector256<byte> w = a & nibble | (two.AsUInt16() << 4).AsByte() & top;
                    even0 = Add(even0, s, w, a0 + column, negatedSums);
                    if (TRows.Count > 1)
                        even1 = Add(even1, s + Groups, w, a1 + column, negatedSums);
                    if (TRows.Count > 2)
                        even2 = Add(even2, s + 2 * Groups, w, a2 + column, negatedSums);
                    if (TRows.Count > 3)
                        even3 = Add(even3, s + 3 * Groups, w, a3 + column, negatedSums);
                    w = b & nibble | (two.AsUInt16() << 2).AsByte() & top;
                    odd0 = Add(odd0, s + 2, w, a0 + column + 32, negatedSums);
                    if (TRows.Count > 1)
                        odd1 = Add(odd1, s + 2 + Groups, w, a1 + column + 32, negatedSums);
                    if (TRows.Count > 2)
                        odd2 = Add(odd2, s + 2 + 2 * Groups, w, a2 + column + 32, negatedSums);
                    if (TRows.Count > 3)
                        odd3 = Add(odd3, s + 2 + 3 * Groups, w, a3 + column + 32, negatedSums);
                    w = (a.AsUInt16() >> 4).AsByte() & nibble | two & top;
                    even0 = Add(even0, s + 4, w, a0 + column + 64, negatedSums);
                    if (TRows.Count > 1)
                        even1 = Add(even1, s + 4 + Groups, w, a1 + column + 64, negatedSums);
                    if (TRows.Count > 2)
                        even2 = Add(even2, s + 4 + 2 * Groups, w, a2 + column + 64, negatedSums);
                    if (TRows.Count > 3)
                        even3 = Add(even3, s + 4 + 3 * Groups, w, a3 + column + 64, negatedSums);
                    w = (b.AsUInt16() >> 4).AsByte() & nibble | (two.AsUInt16() >> 2).AsByte() & top;
                    odd0 = Add(odd0, s + 6, w, a0 + column + 96, negatedSums);
                    if (TRows.Count > 1)
                        odd1 = Add(odd1, s + 6 + Groups, w, a1 + column + 96, negatedSums);
                    if (TRows.Count > 2)
                        odd2 = Add(odd2, s + 6 + 2 * Groups, w, a2 + column + 96, negatedSums);
                    if (TRows.Count > 3)
                        odd3 = Add(odd3, s + 6 + 3 * Groups, w, a3 + column + 96, negatedSums);
                }
            }
            output[row] = Vector256.Sum(even0 + odd0);
            if (TRows.Count > 1)
                output[row + outputStride] = Vector256.Sum(even1 + odd1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = Vector256.Sum(even2 + odd2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = Vector256.Sum(even3 + odd3);
        }
    }

    /// <summary>Adds two groups' integer dot products, four parts each, times their scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> sum, float* scales, Vector256<byte> weights, byte* q, nint negatedSums) =>
        Fma.MultiplyAdd(
            Vector256.Create(Vector128.Create(scales[0]), Vector128.Create(scales[1])),
            Vector256.ConvertToSingle(TByteDot.Add(Vector256.Load((int*)(q + negatedSums)) << Q6KDot.ZeroShift, weights, Vector256.Load((sbyte*)q))),
            sum);
}
