using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal static unsafe partial class FloatDots
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx2(float* row, float* others, nint stride, int count, int columns, float* output, nint outputStride)
    {
        int other = 0;
        for (; other <= count - 2; other += 2, others += 2 * stride, output += 2 * outputStride)
            Avx2Pair(row, others, others + stride, columns, output, output + outputStride);
        if (other < count)
            *output = Avx2One(row, others, columns);
    }

    // The same sums in the same order as One: a result must not depend on its neighbour.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Avx2Pair(float* row, float* x, float* y, int columns, float* outputX, float* outputY)
    {
        Vector256<float> x0 = default, x1 = default, x2 = default, x3 = default;
        Vector256<float> y0 = default, y1 = default, y2 = default, y3 = default;
        int i = 0;
        for (; i <= columns - 4 * 8; i += 4 * 8)
        {
            Vector256<float> w0 = Vector256.Load(row + i), w1 = Vector256.Load(row + i + 8);
            x0 = Fma.MultiplyAdd(w0, Vector256.Load(x + i), x0);
            y0 = Fma.MultiplyAdd(w0, Vector256.Load(y + i), y0);
            x1 = Fma.MultiplyAdd(w1, Vector256.Load(x + i + 8), x1);
            y1 = Fma.MultiplyAdd(w1, Vector256.Load(y + i + 8), y1);
            w0 = Vector256.Load(row + i + 2 * 8);
            w1 = Vector256.Load(row + i + 3 * 8);
            x2 = Fma.MultiplyAdd(w0, Vector256.Load(x + i + 2 * 8), x2);
            y2 = Fma.MultiplyAdd(w0, Vector256.Load(y + i + 2 * 8), y2);
            x3 = Fma.MultiplyAdd(w1, Vector256.Load(x + i + 3 * 8), x3);
            y3 = Fma.MultiplyAdd(w1, Vector256.Load(y + i + 3 * 8), y3);
        }
        for (; i <= columns - 8; i += 8)
        {
            Vector256<float> w = Vector256.Load(row + i);
            x0 = Fma.MultiplyAdd(w, Vector256.Load(x + i), x0);
            y0 = Fma.MultiplyAdd(w, Vector256.Load(y + i), y0);
        }
        float sumX = Vector256.Sum(x0 + x1 + (x2 + x3)), sumY = Vector256.Sum(y0 + y1 + (y2 + y3));
        for (; i < columns; i++)
        {
            sumX = MathF.FusedMultiplyAdd(row[i], x[i], sumX);
            sumY = MathF.FusedMultiplyAdd(row[i], y[i], sumY);
        }
        *outputX = sumX;
        *outputY = sumY;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Avx2One(float* row, float* x, int columns)
    {
        Vector256<float> x0 = default, x1 = default, x2 = default, x3 = default;
        int i = 0;
        for (; i <= columns - 4 * 8; i += 4 * 8)
        {
            x0 = Fma.MultiplyAdd(Vector256.Load(row + i), Vector256.Load(x + i), x0);
            x1 = Fma.MultiplyAdd(Vector256.Load(row + i + 8), Vector256.Load(x + i + 8), x1);
            x2 = Fma.MultiplyAdd(Vector256.Load(row + i + 2 * 8), Vector256.Load(x + i + 2 * 8), x2);
            x3 = Fma.MultiplyAdd(Vector256.Load(row + i + 3 * 8), Vector256.Load(x + i + 3 * 8), x3);
        }
        for (; i <= columns - 8; i += 8)
            x0 = Fma.MultiplyAdd(Vector256.Load(row + i), Vector256.Load(x + i), x0);
        float sum = Vector256.Sum(x0 + x1 + (x2 + x3));
        for (; i < columns; i++)
            sum = MathF.FusedMultiplyAdd(row[i], x[i], sum);
        return sum;
    }
}
