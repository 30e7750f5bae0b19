using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>Sums in double over the features of rows that stand by features, four rows side by side. They have a row's lanes, which are added up as a row's are: bitwise the sums of each row.</summary>
internal static unsafe class FeatureSums
{
    /// <summary>Σ x.</summary>
    /// <param name="x">Feature after feature, at the first of four rows.</param>
    /// <param name="width">The features.</param>
    /// <param name="rows">Floats from a feature to the next.</param>
    public static Vector256<double> Plain(float* x, int width, int rows) => Of<One>(x, width, rows, default);

    /// <summary>Σ x².</summary>
    /// <inheritdoc cref="Plain"/>
    public static Vector256<double> Squares(float* x, int width, int rows) => Of<Square>(x, width, rows, default);

    /// <summary>Σ (x − <paramref name="center"/>)².</summary>
    /// <inheritdoc cref="Plain"/>
    public static Vector256<double> Squares(float* x, int width, int rows, Vector256<double> center) => Of<CenteredSquare>(x, width, rows, center);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> Of<TTerm>(float* x, int width, int rows, Vector256<double> center)
        where TTerm : struct, ITerm
    {
        Vector256<double> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        int i = 0;
        for (; i <= width - 8; i += 8, x += 8 * rows)
        {
            a = TTerm.Add(Wide(x), center, a);
            b = TTerm.Add(Wide(x + rows), center, b);
            c = TTerm.Add(Wide(x + 2 * rows), center, c);
            d = TTerm.Add(Wide(x + 3 * rows), center, d);
            e = TTerm.Add(Wide(x + 4 * rows), center, e);
            f = TTerm.Add(Wide(x + 5 * rows), center, f);
            g = TTerm.Add(Wide(x + 6 * rows), center, g);
            h = TTerm.Add(Wide(x + 7 * rows), center, h);
        }
        Vector256<double> sum = (a + e) + (b + f) + ((c + g) + (d + h));
        for (; i < width; i++, x += rows)
            sum += TTerm.Of(Wide(x), center);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Wide(float* x) => Avx.IsSupported ? Avx.ConvertToVector256Double(Vector128.Load(x)) : Vector256.Create((double)x[0], x[1], x[2], x[3]);

    private interface ITerm
    {
        /// <summary>A term; it is rounded.</summary>
        static abstract Vector256<double> Of(Vector256<double> x, Vector256<double> center);

        /// <summary>The sum with a term that is not rounded before.</summary>
        static abstract Vector256<double> Add(Vector256<double> x, Vector256<double> center, Vector256<double> sum);
    }

    private readonly struct One : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Of(Vector256<double> x, Vector256<double> center) => x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Add(Vector256<double> x, Vector256<double> center, Vector256<double> sum) => sum + x;
    }

    private readonly struct Square : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Of(Vector256<double> x, Vector256<double> center) => x * x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Add(Vector256<double> x, Vector256<double> center, Vector256<double> sum) => Vector256.FusedMultiplyAdd(x, x, sum);
    }

    private readonly struct CenteredSquare : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Of(Vector256<double> x, Vector256<double> center) => Square.Of(x - center, default);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Add(Vector256<double> x, Vector256<double> center, Vector256<double> sum) => Square.Add(x - center, default, sum);
    }
}
