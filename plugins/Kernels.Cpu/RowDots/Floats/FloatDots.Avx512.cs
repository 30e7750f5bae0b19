using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal static unsafe partial class FloatDots
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx512(float* row, float* others, nint stride, int count, int columns, float* output, nint outputStride)
    {
        int other = 0;
        for (; other <= count - 2; other += 2, others += 2 * stride, output += 2 * outputStride)
            Avx512Pair(row, others, others + stride, columns, output, output + outputStride);
        if (other < count)
            *output = Avx512One(row, others, columns);
    }

    // The same sums in the same order as One: a result must not depend on its neighbour.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Avx512Pair(float* row, float* x, float* y, int columns, float* outputX, float* outputY)
    {
        Vector512<float> x0 = default, x1 = default, x2 = default, x3 = default;
        Vector512<float> y0 = default, y1 = default, y2 = default, y3 = default;
        int i = 0;
        for (; i <= columns - 4 * 16; i += 4 * 16)
        {
            Vector512<float> w0 = Vector512.Load(row + i), w1 = Vector512.Load(row + i + 16);
            x0 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(x + i), x0);
            y0 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(y + i), y0);
            x1 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(x + i + 16), x1);
            y1 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(y + i + 16), y1);
            w0 = Vector512.Load(row + i + 2 * 16);
            w1 = Vector512.Load(row + i + 3 * 16);
            x2 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(x + i + 2 * 16), x2);
            y2 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(y + i + 2 * 16), y2);
            x3 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(x + i + 3 * 16), x3);
            y3 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(y + i + 3 * 16), y3);
        }
        for (; i <= columns - 16; i += 16)
        {
            Vector512<float> w = Vector512.Load(row + i);
            x0 = Avx512F.FusedMultiplyAdd(w, Vector512.Load(x + i), x0);
            y0 = Avx512F.FusedMultiplyAdd(w, Vector512.Load(y + i), y0);
        }
        float sumX = Vector512.Sum(x0 + x1 + (x2 + x3)), sumY = Vector512.Sum(y0 + y1 + (y2 + y3));
        for (; i < columns; i++)
        {
            sumX = MathF.FusedMultiplyAdd(row[i], x[i], sumX);
            sumY = MathF.FusedMultiplyAdd(row[i], y[i], sumY);
        }
        *outputX = sumX;
        *outputY = sumY;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Avx512One(float* row, float* x, int columns)
    {
        Vector512<float> x0 = default, x1 = default, x2 = default, x3 = default;
        int i = 0;
        for (; i <= columns - 4 * 16; i += 4 * 16)
        {
            x0 = Avx512F.FusedMultiplyAdd(Vector512.Load(row + i), Vector512.Load(x + i), x0);
            x1 = Avx512F.FusedMultiplyAdd(Vector512.Load(row + i + 16), Vector512.Load(x + i + 16), x1);
            x2 = Avx512F.FusedMultiplyAdd(Vector512.Load(row + i + 2 * 16), Vector512.Load(x + i + 2 * 16), x2);
            x3 = Avx512F.FusedMultiplyAdd(Vector512.Load(row + i + 3 * 16), Vector512.Load(x + i + 3 * 16), x3);
        }
        for (; i <= columns - 16; i += 16)
            x0 = Avx512F.FusedMultiplyAdd(Vector512.Load(row + i), Vector512.Load(x + i), x0);
        float sum = Vector512.Sum(x0 + x1 + (x2 + x3));
        for (; i < columns; i++)
            sum = MathF.FusedMultiplyAdd(row[i], x[i], sum);
        return sum;
    }
}
