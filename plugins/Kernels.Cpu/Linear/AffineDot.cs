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

    /// <summary>Runs both forms of <see cref="Rows32(byte*, float*, float*, int, int, bool, bool, byte*, float*, byte*, int)"/> once with zeros, so that no step waits for the compiler.</summary>
    public static void Compile(bool wide)
    {
        byte* zeros = stackalloc byte[Int8Activation.Bytes(Int8Activation.Group)];
        float output;
        Rows32(zeros, (float*)zeros, (float*)zeros, 1, Int8Activation.Group, true, wide, zeros, &output, zeros, 0);
        Rows32(zeros, (float*)zeros, (float*)zeros, 1, Int8Activation.Group, false, wide, zeros, &output, zeros, 0);
    }

    private static void Rows32<TBytes>(byte* values, float* scales, float* minimums, int rows, int columns, byte* activation, float* output, byte* ahead, int step)
        where TBytes : struct, IAffineBytes
    {
        int groups = columns / Int8Activation.Group, whole = groups / GroupSum.Lanes * GroupSum.Lanes;
        for (int row = 0; row < rows; row++, values += columns, scales += groups, minimums += groups, ahead += whole / GroupSum.Lanes * step)
        {
            Vector256<float> lanes = default;
            Whole<TBytes>(values, scales, minimums, whole, columns, activation, (float*)&lanes, ahead, step);
            if (whole < groups)
                Last<TBytes>(values, scales, minimums, whole, groups, columns, activation, (float*)&lanes);
            output[row] = GroupSum.Of(lanes);
        }
    }

    // One row and nothing beside it, so that all of the loop stays in registers.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Whole<TBytes>(byte* values, float* scales, float* minimums, int groups, int columns, byte* activation, float* lanes, byte* ahead, nint step)
        where TBytes : struct, IAffineBytes
    {
        float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns)), sums = (float*)(activation + Int8Activation.SumOffset(columns));
        int* negatedSums = (int*)(activation + Int8Activation.NegatedSumOffset(columns));
        sbyte* q = (sbyte*)activation;
        Vector256<float> sum = default;
        for (nint group = 0; group < groups; group += GroupSum.Lanes, values += GroupSum.Lanes * 32, q += GroupSum.Lanes * 32, ahead += step)
        {
            X86.Sse.Prefetch0(ahead);
            X86.Sse.Prefetch0(ahead + 64);
            sum = Add(sum, TBytes.Finish(TBytes.Eight(values, q), negatedSums + group), scales + group, minimums + group, steps + group, sums + group);
        }
        sum.Store(lanes);
    }

    // The last groups of a row, filled up with zeros.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Last<TBytes>(byte* values, float* scales, float* minimums, int first, int groups, int columns, byte* activation, float* lanes)
        where TBytes : struct, IAffineBytes
    {
        float* lastScales = stackalloc float[2 * GroupSum.Lanes], lastMinimums = lastScales + GroupSum.Lanes;
        Vector256<float>.Zero.Store(lastScales);
        Vector256<float>.Zero.Store(lastMinimums);
        Vector256<int> dots = default;
        for (int group = first; group < groups; group++)
        {
            dots = dots.WithElement(group - first, Vector256.Sum(TBytes.Products(values + group * 32, (sbyte*)activation + group * 32)));
            lastScales[group - first] = scales[group];
            lastMinimums[group - first] = minimums[group];
        }
        float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns)), sums = (float*)(activation + Int8Activation.SumOffset(columns));
        int* negatedSums = (int*)(activation + Int8Activation.NegatedSumOffset(columns));
        Add(Vector256.Load(lanes), TBytes.Finish(dots, negatedSums + first), lastScales, lastMinimums, steps + first, sums + first).Store(lanes);
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
