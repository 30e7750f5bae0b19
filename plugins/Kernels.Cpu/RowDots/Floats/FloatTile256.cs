using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Rows of float weights of any length, 8 at a time: each is widened once for all activation rows.</summary>
internal readonly unsafe struct FloatTile256<TWeight> : IRowTile
    where TWeight : struct, IFloatWeight
{
    public static int MostRows => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, ICount
    {
        float* x0 = (float*)activations, x1 = (float*)(activations + stride), x2 = (float*)(activations + 2 * stride), x3 = (float*)(activations + 3 * stride);
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* w = weights;
            // Four chains for each activation row.
            Vector256<float> a0 = default, b0 = default, c0 = default, d0 = default;
            Vector256<float> a1 = default, b1 = default, c1 = default, d1 = default;
            Vector256<float> a2 = default, b2 = default, c2 = default, d2 = default;
            Vector256<float> a3 = default, b3 = default, c3 = default, d3 = default;
            int i = 0;
            for (; i <= columns - 4 * 8; i += 4 * 8, w += 4 * 8 * TWeight.Bytes)
            {
                Ahead(w);
                Vector256<float> w0 = TWeight.Load8(w), w1 = TWeight.Load8(w + 8 * TWeight.Bytes), w2 = TWeight.Load8(w + 2 * 8 * TWeight.Bytes), w3 = TWeight.Load8(w + 3 * 8 * TWeight.Bytes);
                a0 = Fma.MultiplyAdd(w0, Vector256.Load(x0 + i), a0);
                b0 = Fma.MultiplyAdd(w1, Vector256.Load(x0 + i + 8), b0);
                c0 = Fma.MultiplyAdd(w2, Vector256.Load(x0 + i + 2 * 8), c0);
                d0 = Fma.MultiplyAdd(w3, Vector256.Load(x0 + i + 3 * 8), d0);
                if (TRows.Count > 1)
                {
                    a1 = Fma.MultiplyAdd(w0, Vector256.Load(x1 + i), a1);
                    b1 = Fma.MultiplyAdd(w1, Vector256.Load(x1 + i + 8), b1);
                    c1 = Fma.MultiplyAdd(w2, Vector256.Load(x1 + i + 2 * 8), c1);
                    d1 = Fma.MultiplyAdd(w3, Vector256.Load(x1 + i + 3 * 8), d1);
                }
                if (TRows.Count > 2)
                {
                    a2 = Fma.MultiplyAdd(w0, Vector256.Load(x2 + i), a2);
                    b2 = Fma.MultiplyAdd(w1, Vector256.Load(x2 + i + 8), b2);
                    c2 = Fma.MultiplyAdd(w2, Vector256.Load(x2 + i + 2 * 8), c2);
                    d2 = Fma.MultiplyAdd(w3, Vector256.Load(x2 + i + 3 * 8), d2);
                }
                if (TRows.Count > 3)
                {
                    a3 = Fma.MultiplyAdd(w0, Vector256.Load(x3 + i), a3);
                    b3 = Fma.MultiplyAdd(w1, Vector256.Load(x3 + i + 8), b3);
                    c3 = Fma.MultiplyAdd(w2, Vector256.Load(x3 + i + 2 * 8), c3);
                    d3 = Fma.MultiplyAdd(w3, Vector256.Load(x3 + i + 3 * 8), d3);
                }
            }
            for (; i <= columns - 8; i += 8, w += 8 * TWeight.Bytes)
            {
                Vector256<float> v = TWeight.Load8(w);
                a0 = Fma.MultiplyAdd(v, Vector256.Load(x0 + i), a0);
                if (TRows.Count > 1)
                    a1 = Fma.MultiplyAdd(v, Vector256.Load(x1 + i), a1);
                if (TRows.Count > 2)
                    a2 = Fma.MultiplyAdd(v, Vector256.Load(x2 + i), a2);
                if (TRows.Count > 3)
                    a3 = Fma.MultiplyAdd(v, Vector256.Load(x3 + i), a3);
            }
            output[row] = Finish(w, x0 + i, columns - i, Vector256.Sum(a0 + b0 + (c0 + d0)));
            if (TRows.Count > 1)
                output[row + outputStride] = Finish(w, x1 + i, columns - i, Vector256.Sum(a1 + b1 + (c1 + d1)));
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = Finish(w, x2 + i, columns - i, Vector256.Sum(a2 + b2 + (c2 + d2)));
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = Finish(w, x3 + i, columns - i, Vector256.Sum(a3 + b3 + (c3 + d3)));
        }
    }

    /// <summary>Adds what no vector has taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(byte* w, float* x, int count, float sum)
    {
        for (int i = 0; i < count; i++, w += TWeight.Bytes)
            sum = MathF.FusedMultiplyAdd(TWeight.Load1(w), x[i], sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* w)
    {
        Sse.Prefetch0(w + Prefetch.Distance);
        if (TWeight.Bytes * 8 * 4 > 64)
            Sse.Prefetch0(w + Prefetch.Distance + 64);
        if (TWeight.Bytes * 8 * 4 > 128)
        {
            Sse.Prefetch0(w + Prefetch.Distance + 128);
            Sse.Prefetch0(w + Prefetch.Distance + 192);
        }
    }
}
