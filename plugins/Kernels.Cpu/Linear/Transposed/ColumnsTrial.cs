using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A tile source's products of columns beside the built-in ones, on the same words and activations: whether all bits are the same, and how much faster they are.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">The built-in kernels' time / its time, of scales and four units' products, of the best of many turns.</param>
internal readonly unsafe record struct ColumnsTrial(bool IsEqual, double Gain)
{
    // Of four bits: as many words of the one kind as of the other. Rows of whole runs of both.
    private const int Rows = 1024, Unit = 32, Units = 4, Columns = Units * Unit, WordBytes = Rows * Columns / 2, Most = 127, Fillings = 4;

    // Scales of all halves that are numbers, and every zero point.
    private const int Halves = 1 << 16, ZeroOffsets = 2;

    /// <summary>What that says.</summary>
    public Verdict Verdict => new(IsEqual, Gain >= TrialTime.Worth, Verdict.Times(Gain));

    /// <summary>Tries the code of a type, on a processor with AVX-512.</summary>
    public static ColumnsTrial Run(string quantization, NativeColumns native) => quantization == "gptq4" ? Run<Gptq4>(native) : Run<Awq4<Simd512, Vector512<int>, Vector512<float>>>(native);

    private static ColumnsTrial Run<TWeight>(NativeColumns native)
        where TWeight : struct, ITransposedWeight
    {
        // At an odd address, as files may have them.
        byte* words = Take(WordBytes + 1) + 1;
        short* held = (short*)Take(Rows * sizeof(short));
        float* scales = (float*)Take(2 * Rows * sizeof(float)), expected = (float*)Take(Units * Rows * sizeof(float)), found = (float*)Take(Units * Rows * sizeof(float));
        sbyte* quants = (sbyte*)Take(Columns);
        try
        {
            Random random = new(1);
            bool equal = HasEqualFactors<TWeight>(native);
            float* steps = stackalloc float[Units], quantSums = stackalloc float[Units];
            int* integerSums = stackalloc int[Units];
            ColumnStrip Strip(int rows, float* sums, int units) => new()
            {
                Words = words,
                Stride = Stride<TWeight>(rows),
                Quants = quants,
                Steps = steps,
                ActivationSums = quantSums,
                Sums = sums,
                LaneBytes = Rows * sizeof(float),
                Scales = scales,
                Minimums = scales + Rows,
                Next = words,
                Rows = rows,
                Units = units,
            };
            for (int filling = 0; filling < Fillings; filling++)
                for (int rows = TWeight.LineRows; rows <= Rows; rows += Rows - TWeight.LineRows)
                {
                    Fill(words, quants, filling, random);
                    foreach (ref float scale in new Span<float>(scales, 2 * Rows))
                        scale = random.NextSingle() - 0.4f;
                    for (int unit = 0; unit < Units; unit++)
                    {
                        integerSums[unit] = Sum(quants + unit * Unit);
                        (steps[unit], quantSums[unit]) = (0.01f * (filling + 1 + unit), 0.01f * (filling + 1) * integerSums[unit]);
                    }
                    for (int i = 0; i < Units * Rows; i++)
                        expected[i] = found[i] = random.NextSingle() - 0.5f;
                    for (int units = 1; units <= Units; units++)
                    {
                        BuiltIn<TWeight>(Strip(rows, expected, units), integerSums, held);
                        native.Multiply(Strip(rows, found, units));
                        equal &= new Span<int>(expected, Units * Rows).SequenceEqual(new Span<int>(found, Units * Rows));
                    }
                }
            // The words' beginning stands for scales and zero points.
            return new(equal, TrialTime.Gain(
                () =>
                {
                    TWeight.Factors(words, ScaleType.F16, words, 1, Rows, scales, scales + Rows);
                    BuiltIn<TWeight>(Strip(Rows, expected, Units), integerSums, held);
                },
                () =>
                {
                    native.Factors(words, words, 1, Rows, scales, scales + Rows);
                    native.Multiply(Strip(Rows, found, Units));
                }));
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)words - 1, (nint)scales, (nint)held, (nint)expected, (nint)found, (nint)quants])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    // Compiled for good at once: it is timed.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BuiltIn<TWeight>(ColumnStrip strip, int* integerSums, short* held)
        where TWeight : struct, ITransposedWeight
    {
        for (int unit = 0; unit < strip.Units; unit++)
            TWeight.Dot(
                strip.Words + unit * TWeight.Lines * strip.Stride,
                strip.Stride,
                strip.Rows,
                strip.Quants + unit * Unit,
                new TransposedGroup(strip.Steps[unit], strip.ActivationSums[unit], integerSums[unit], strip.Scales, strip.Minimums, strip.Sums + unit * strip.LaneBytes / sizeof(float)),
                held);
    }

    private static bool HasEqualFactors<TWeight>(NativeColumns native)
        where TWeight : struct, ITransposedWeight
    {
        ushort* stored = (ushort*)Take(Halves * sizeof(ushort));
        byte* zeros = Take(Halves / 2);
        float* expected = (float*)Take(2 * Halves * sizeof(float)), found = (float*)Take(2 * Halves * sizeof(float));
        try
        {
            for (int i = 0; i < Halves; i++)
                stored[i] = (ushort)(Half.IsNaN(BitConverter.UInt16BitsToHalf((ushort)i)) ? 0 : i);
            new Random(2).NextBytes(new Span<byte>(zeros, Halves / 2));
            bool equal = true;
            for (int zeroOffset = 0; zeroOffset < ZeroOffsets; zeroOffset++)
            {
                int rows = TWeight.Factors((byte*)stored, ScaleType.F16, zeros, zeroOffset, Halves, expected, expected + Halves);
                native.Factors((byte*)stored, zeros, zeroOffset, Halves, found, found + Halves);
                equal &= rows == Halves && new Span<int>(expected, 2 * Halves).SequenceEqual(new Span<int>(found, 2 * Halves));
            }
            return equal;
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)stored, (nint)zeros, (nint)expected, (nint)found])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    private static nint Stride<TWeight>(int rows)
        where TWeight : struct, ITransposedWeight => rows / 8 * TWeight.EightBytes;

    // The largest products of both signs, then any.
    private static void Fill(byte* words, sbyte* quants, int filling, Random random)
    {
        Span<byte> all = new(words, WordBytes);
        if (filling < 2)
            all.Fill(0xFF);
        else
            random.NextBytes(all);
        for (int i = 0; i < Columns; i++)
            quants[i] = (sbyte)(filling == 0 ? Most : filling == 1 ? -Most : random.Next(-Most, Most + 1));
    }

    private static int Sum(sbyte* quants)
    {
        int sum = 0;
        for (int i = 0; i < Unit; i++)
            sum += quants[i];
        return sum;
    }

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
}
