using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Σ (scale · u − minimum) · x over groups of 16 or 32 unsigned bytes, with x as <see cref="Int8Activation"/>.</summary>
internal static unsafe class AffineDot
{
    /// <summary>The dot products of consecutive unpacked rows with one activation row.</summary>
    /// <param name="values">Row-major bytes.</param>
    /// <param name="scales">Row-major, one for each group.</param>
    /// <param name="minimums">As the scales.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="group">16 or 32.</param>
    /// <param name="activation">The prepared row.</param>
    /// <param name="output">A float for each row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* values, float* scales, float* minimums, int rows, int columns, int group, byte* activation, float* output)
    {
        sbyte* quants = (sbyte*)activation;
        int* negatedSums = (int*)(activation + Int8Activation.NegatedSum4Offset(columns));
        float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns));
        int groups = columns / group, perStep = 32 / group;
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> sum = default;
            float offset = 0;
            for (int g = 0; g < groups; g++, values += group)
            {
                float step = steps[g / perStep];
                Vector256<int> products = Products(values, quants + g * group);
                int* fours = negatedSums + g * (group / 4);
                int negated = fours[0] + fours[1] + fours[2] + fours[3];
                if (group == 32)
                {
                    products += Products(values + 16, quants + g * group + 16);
                    negated += fours[4] + fours[5] + fours[6] + fours[7];
                }
                sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(products), Vector256.Create(scales[g] * step), sum);
                offset = MathF.FusedMultiplyAdd(minimums[g] * step, negated, offset);
            }
            output[row] = Vector256.Sum(sum) + offset;
            scales += groups;
            minimums += groups;
        }
    }

    /// <summary>Values up to this have products that pairs of 16 bits hold as they are.</summary>
    public const int Small = 127;

    /// <summary>As <see cref="Rows"/> for groups of 32, summed in <see cref="GroupSum"/>'s order. Needs AVX2; with <c>wide</c> AVX-512. What is unpacked next, at <c>ahead</c>, is asked for meanwhile, <c>step</c> bytes for each eight groups.</summary>
    public static void Rows32(byte* values, float* scales, float* minimums, int rows, int columns, bool small, bool wide, byte* activation, float* output, byte* ahead, int step)
    {
        if (wide && small)
            Rows32<WideSmallBytes>(values, scales, minimums, rows, columns, activation, output, ahead, step);
        else if (wide)
            Rows32<WideAllBytes>(values, scales, minimums, rows, columns, activation, output, ahead, step);
        else if (small)
            Rows32<SmallBytes>(values, scales, minimums, rows, columns, activation, output, ahead, step);
        else
            Rows32<AllBytes>(values, scales, minimums, rows, columns, activation, output, ahead, step);
    }

    /// <summary>Runs both forms once with nothing to do, so that no step waits for the compiler.</summary>
    public static void Compile(bool wide)
    {
        Rows32(null, null, null, 0, 0, true, wide, null, null, null, 0);
        Rows32(null, null, null, 0, 0, false, wide, null, null, null, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows32<TBytes>(byte* values, float* scales, float* minimums, int rows, int columns, byte* activation, float* output, byte* ahead, int step)
        where TBytes : struct, IAffineBytes
    {
        float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns)), sums = (float*)(activation + Int8Activation.SumOffset(columns));
        int* negatedSums = (int*)(activation + Int8Activation.NegatedSumOffset(columns));
        int groups = columns / Int8Activation.Group;
        // The last groups of a row, filled up with zeros.
        float* lastScales = stackalloc float[2 * GroupSum.Lanes], lastMinimums = lastScales + GroupSum.Lanes;
        for (int row = 0; row < rows; row++, scales += groups, minimums += groups)
        {
            sbyte* q = (sbyte*)activation;
            Vector256<float> lanes = default;
            int group = 0;
            for (; group <= groups - GroupSum.Lanes; group += GroupSum.Lanes, values += GroupSum.Lanes * 32, q += GroupSum.Lanes * 32, ahead += step)
            {
                X86.Sse.Prefetch0(ahead);
                X86.Sse.Prefetch0(ahead + 64);
                lanes = Add(lanes, TBytes.Finish(TBytes.Eight(values, q), negatedSums + group), scales + group, minimums + group, steps + group, sums + group);
            }
            if (group < groups)
            {
                Vector256<int> dots = default;
                Vector256<float>.Zero.Store(lastScales);
                Vector256<float>.Zero.Store(lastMinimums);
                for (int i = 0; i < groups - group; i++, values += 32, q += 32)
                {
                    dots = dots.WithElement(i, Vector256.Sum(TBytes.Products(values, q)));
                    lastScales[i] = scales[group + i];
                    lastMinimums[i] = minimums[group + i];
                }
                lanes = Add(lanes, TBytes.Finish(dots, negatedSums + group), lastScales, lastMinimums, steps + group, sums + group);
            }
            output[row] = GroupSum.Of(lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> lanes, Vector256<int> dots, float* scales, float* minimums, float* steps, float* sums)
    {
        lanes = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dots), Vector256.Load(scales) * Vector256.Load(steps), lanes);
        return Vector256.FusedMultiplyAdd(-Vector256.Load(minimums), Vector256.Load(sums), lanes);
    }

    // 16 products, summed to 8 lanes; whatever the largest value, they fit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(byte* values, sbyte* quants)
    {
        Vector128<byte> u = Vector128.Load(values);
        Vector128<sbyte> q = Vector128.Load(quants);
        Vector256<short> a = Vector256.Create(Vector128.WidenLower(u).AsInt16(), Vector128.WidenUpper(u).AsInt16());
        Vector256<short> b = Vector256.Create(Vector128.WidenLower(q), Vector128.WidenUpper(q));
        if (X86.Avx2.IsSupported)
            return X86.Avx2.MultiplyAddAdjacent(a, b);
        (Vector256<int> a0, Vector256<int> a1) = Vector256.Widen(a);
        (Vector256<int> b0, Vector256<int> b1) = Vector256.Widen(b);
        return a0 * b0 + a1 * b1;
    }
}
