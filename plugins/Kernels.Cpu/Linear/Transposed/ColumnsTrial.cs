using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A tile source's products of columns beside the built-in ones, on the same words and activations: whether all bits are the same, and how much faster they are.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">The built-in kernel's time / its time, of the best of many turns.</param>
internal readonly unsafe record struct ColumnsTrial(bool IsEqual, double Gain)
{
    // Of four bits: as many words of the one kind as of the other. Rows of whole runs of both.
    private const int Rows = 1024, Columns = 32, WordBytes = Rows * Columns / 2, Most = 127, Fillings = 4;

    /// <summary>What that says.</summary>
    public Verdict Verdict => new(IsEqual, Gain >= TrialTime.Worth, Verdict.Times(Gain));

    /// <summary>Tries the code of a type, on a processor with AVX-512.</summary>
    public static ColumnsTrial Run(string quantization, NativeColumns native) => quantization == "gptq4" ? Run<Gptq4>(native) : Run<Awq4<Simd512, Vector512<int>, Vector512<float>>>(native);

    private static ColumnsTrial Run<TWeight>(NativeColumns native)
        where TWeight : struct, ITransposedWeight
    {
        // At an odd address, as files may have them.
        byte* words = Take(WordBytes + 1) + 1;
        float* scales = (float*)Take(2 * Rows * sizeof(float)), held = (float*)Take(Rows * sizeof(float)), expected = (float*)Take(Rows * sizeof(float)), found = (float*)Take(Rows * sizeof(float));
        sbyte* quants = (sbyte*)Take(Columns);
        try
        {
            Random random = new(1);
            bool equal = true;
            for (int filling = 0; filling < Fillings; filling++)
                for (int rows = TWeight.NativeRun; rows <= Rows; rows += Rows - TWeight.NativeRun)
                {
                    int sum = Fill(words, quants, filling, random);
                    foreach (ref float scale in new Span<float>(scales, 2 * Rows))
                        scale = random.NextSingle() - 0.4f;
                    TransposedGroup Group(float* sums) => new(0.01f * (filling + 1), 0.01f * (filling + 1) * sum, sum, scales, scales + Rows, sums);
                    nint stride = Stride<TWeight>(rows);
                    for (int row = 0; row < Rows; row++)
                        expected[row] = found[row] = random.NextSingle() - 0.5f;
                    BuiltIn<TWeight>(words, stride, rows, quants, Group(expected), (short*)held);
                    native.Dot(words, stride, rows, quants, Group(found), (int*)held);
                    equal &= new Span<int>(expected, Rows).SequenceEqual(new Span<int>(found, Rows));
                }
            TransposedGroup group = new(1, 1, Columns * Most, scales, scales + Rows, expected);
            return new(equal, TrialTime.Gain(
                () => BuiltIn<TWeight>(words, Stride<TWeight>(Rows), Rows, quants, group, (short*)held),
                () => native.Dot(words, Stride<TWeight>(Rows), Rows, quants, group, (int*)held)));
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)words - 1, (nint)scales, (nint)held, (nint)expected, (nint)found, (nint)quants])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    // Compiled for good at once: it is timed.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BuiltIn<TWeight>(byte* words, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* held)
        where TWeight : struct, ITransposedWeight => TWeight.Dot(words, stride, rows, quants, group, held);

    private static nint Stride<TWeight>(int rows)
        where TWeight : struct, ITransposedWeight => rows / 8 * TWeight.EightBytes;

    // The largest products of both signs, then any. The activations' sum.
    private static int Fill(byte* words, sbyte* quants, int filling, Random random)
    {
        Span<byte> all = new(words, WordBytes);
        if (filling < 2)
            all.Fill(0xFF);
        else
            random.NextBytes(all);
        int sum = 0;
        for (int i = 0; i < Columns; i++)
            sum += quants[i] = (sbyte)(filling == 0 ? Most : filling == 1 ? -Most : random.Next(-Most, Most + 1));
        return sum;
    }

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
}
