using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Fp8Nf4.Nf4;

/// <summary>Dot products of blocks of NF4 with a float row whose even columns stand before the odd ones, 32 columns at a time.</summary>
internal static unsafe class Nf4Dot
{
    private const int Half = 16;

    // Far enough for the memory to answer in time; what lies behind the last row is asked for, never read.
    private const int Ahead = 4096;

    /// <summary>The dot product of consecutive blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Of(Nf4Layout layout, long block, long count, float* prepared) =>
        Avx512F.IsSupported ? Avx512(layout, block, count, prepared)
        : Avx2.IsSupported && Fma.IsSupported ? Avx2Fma(layout, block, count, prepared)
        : Scalar(layout, block, count, prepared);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Avx512(Nf4Layout layout, long block, long count, float* x)
    {
        Vector512<float> levels = Nf4Levels.Vector512Of(), sum = default;
        for (long end = block + count; block < end; block++, x += Nf4Layout.Values)
        {
            byte* packed = layout.Block(block);
            Sse.Prefetch0(packed + Ahead);
            // The permutation reads four bits of an index: the low nibble, or what a shift leaves of the high one.
            Vector512<int> a = Avx512F.ConvertToVector512Int32(Vector128.Load(packed)), b = Avx512F.ConvertToVector512Int32(Vector128.Load(packed + Half));
            Vector512<float> even = Avx512F.PermuteVar16x32(levels, a >> 4) * Vector512.Load(x);
            Vector512<float> odd = Avx512F.PermuteVar16x32(levels, a) * Vector512.Load(x + Half);
            even = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(levels, b >> 4), Vector512.Load(x + 2 * Half), even);
            odd = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(levels, b), Vector512.Load(x + 3 * Half), odd);
            sum = Avx512F.FusedMultiplyAdd(even + odd, Vector512.Create(layout.Scale(block)), sum);
        }
        return Vector256.Sum(sum.GetLower() + sum.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Avx2Fma(Nf4Layout layout, long block, long count, float* x)
    {
        Vector256<float> low = Nf4Levels.Low(), high = Nf4Levels.High(), sum = default;
        for (long end = block + count; block < end; block++, x += Nf4Layout.Values)
        {
            byte* packed = layout.Block(block);
            Sse.Prefetch0(packed + Ahead);
            Vector256<float> evens = default, odds = default;
            for (int part = 0; part < 4; part++)
            {
                Nf4Levels.Pick(packed + 8 * part, low, high, out Vector256<float> even, out Vector256<float> odd);
                float* start = x + (part >> 1) * 2 * Half + (part & 1) * 8;
                evens = Fma.MultiplyAdd(even, Vector256.Load(start), evens);
                odds = Fma.MultiplyAdd(odd, Vector256.Load(start + Half), odds);
            }
            sum = Fma.MultiplyAdd(evens + odds, Vector256.Create(layout.Scale(block)), sum);
        }
        return Vector256.Sum(sum);
    }

    private static float Scalar(Nf4Layout layout, long block, long count, float* x)
    {
        double sum = 0;
        ReadOnlySpan<float> levels = Nf4Levels.All;
        for (long end = block + count; block < end; block++, x += Nf4Layout.Values)
        {
            byte* packed = layout.Block(block);
            double products = 0;
            for (int i = 0; i < Nf4Layout.Packed; i++)
            {
                float* even = x + i / Half * 2 * Half + i % Half;
                products += (double)levels[packed[i] >> 4] * even[0] + (double)levels[packed[i] & 15] * even[Half];
            }
            sum += products * layout.Scale(block);
        }
        return (float)sum;
    }
}
