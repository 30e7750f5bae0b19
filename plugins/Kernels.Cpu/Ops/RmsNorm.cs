using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>y = x / √(mean(x²) + ε) · w, the mean in double.</summary>
internal static unsafe class RmsNorm
{
    /// <summary>Normalizes one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* x, float* weight, float* y, int width, float epsilon)
    {
        Vector256<double> low = default, high = default;
        int i = 0;
        for (; i <= width - 8; i += 8)
        {
            (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Load(x + i));
            low = Vector256.FusedMultiplyAdd(a, a, low);
            high = Vector256.FusedMultiplyAdd(b, b, high);
        }
        double sum = Vector256.Sum(low + high);
        for (; i < width; i++)
            sum += (double)x[i] * x[i];
        float scale = (float)(1 / Math.Sqrt(sum / width + epsilon));
        for (i = 0; i <= width - 8; i += 8)
            (Vector256.Load(x + i) * scale * Vector256.Load(weight + i)).Store(y + i);
        for (; i < width; i++)
            y[i] = x[i] * scale * weight[i];
    }

    /// <summary>Normalizes rows that stand by features; bitwise <see cref="Row"/> of each.</summary>
    /// <param name="x">Feature after feature, each with <paramref name="rows"/> elements.</param>
    /// <param name="weight">A weight for each feature.</param>
    /// <param name="y">The result, as <paramref name="x"/>.</param>
    /// <param name="width">The features.</param>
    /// <param name="rows">A multiple of 8.</param>
    /// <param name="epsilon">ε.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Features(float* x, float* weight, float* y, int width, int rows, float epsilon)
    {
        for (int row = 0; row < rows; row += 8)
        {
            Vector256<float> scale = Vector256.Create(Scales(x + row, width, rows, epsilon), Scales(x + row + 4, width, rows, epsilon));
            float* from = x + row, to = y + row;
            for (int i = 0; i < width; i++, from += rows, to += rows)
                (Vector256.Load(from) * scale * Vector256.Create(weight[i])).Store(to);
        }
    }

    // Of four rows. Their sums have a row's lanes, which are added up as its are.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<float> Scales(float* x, int width, int rows, float epsilon)
    {
        Vector256<double> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        int i = 0;
        for (; i <= width - 8; i += 8, x += 8 * rows)
        {
            a = Square(x, a);
            b = Square(x + rows, b);
            c = Square(x + 2 * rows, c);
            d = Square(x + 3 * rows, d);
            e = Square(x + 4 * rows, e);
            f = Square(x + 5 * rows, f);
            g = Square(x + 6 * rows, g);
            h = Square(x + 7 * rows, h);
        }
        Vector256<double> sum = (a + e) + (b + f) + ((c + g) + (d + h));
        for (; i < width; i++, x += rows)
        {
            Vector256<double> value = Wide(x);
            sum += value * value;
        }
        Vector256<double> scale = Vector256<double>.One / Vector256.Sqrt(sum / Vector256.Create((double)width) + Vector256.Create((double)epsilon));
        return Vector128.Create((float)scale[0], (float)scale[1], (float)scale[2], (float)scale[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Square(float* x, Vector256<double> sum)
    {
        Vector256<double> value = Wide(x);
        return Vector256.FusedMultiplyAdd(value, value, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Wide(float* x) => Avx.IsSupported ? Avx.ConvertToVector256Double(Vector128.Load(x)) : Vector256.Create((double)x[0], x[1], x[2], x[3]);
}
