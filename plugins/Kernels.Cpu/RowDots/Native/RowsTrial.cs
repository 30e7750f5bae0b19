using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Linear;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>A tile source's row dots beside the built-in kernel, on the same weights and activations: whether all bits are the same, and how much faster they are.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">With one activation row, the built-in kernel's time / their time, of the best of many turns.</param>
/// <param name="GainOfSeveral">The same with several activation rows.</param>
internal readonly unsafe record struct RowsTrial(bool IsEqual, double Gain, double GainOfSeveral)
{
    // Rows of one length for every type, which products of fewer columns read the front of.
    private const int RowBytes = 2048, MostColumns = 7 * 256, TimedColumns = 4 * 256, Rows = NativeRows.Strip + 3, TimedRows = NativeRows.Strip, MostActivations = NativeRows.Most + 1, Several = 5, Prefetched = 8192;

    // One, both ways; few; what a call takes at most, and one more, in two parts.
    private static readonly (int Count, int FewestTogether)[] Counts = [(1, 2), (1, 1), (2, 2), (5, 2), (NativeRows.Most, 2), (MostActivations, 2)];

    /// <summary>What that says: it is worth its use if it gains with one row or several, and does not lose with the other.</summary>
    public Verdict Verdict => new(IsEqual, Math.Max(Gain, GainOfSeveral) >= TrialTime.Worth && Math.Min(Gain, GainOfSeveral) >= TrialTime.NoLoss, FormattableString.Invariant($"{Verdict.Times(Gain)}, {GainOfSeveral:F1} times with several activation rows"));

    public static RowsTrial Run(in RowDotKernel kernel, NativeRows native, CpuIsa isa)
    {
        bool super = kernel.Form == ActivationForm.Int8Blocks256;
        Preparation form = super ? Preparation.Int8Super(isa) : Preparation.Int8(isa);
        int stride = (form.Bytes(MostColumns) + 63) & ~63;
        byte* weights = Take(Rows * RowBytes + Prefetched), activations = Take(stride * MostActivations), x = Take(MostColumns * sizeof(float)), expected = Take(SumBytes), found = Take(SumBytes);
        try
        {
            Random random = new(1);
            TrialWeights.Fill(kernel.Quantization, weights, Rows, RowBytes, random);
            bool equal = true;
            for (int left = 0; left < (super ? 4 : 8); left++)
            {
                // Every number of blocks that is left when four, or eight small ones, were taken together.
                int columns = super ? (4 + left) * 256 : (8 + left) * 32;
                for (int row = 0; row < MostActivations; row++)
                {
                    Fill((float*)x, row == 1 ? null : random);
                    form.Prepare((float*)x, columns, activations + row * stride);
                }
                foreach ((int count, int fewest) in Counts)
                {
                    native.FewestTogether = fewest;
                    // Nothing that was right before is taken for a result.
                    new Span<byte>(found, SumBytes).Fill(0xFF);
                    kernel.DotRows(weights, RowBytes, Rows, columns, activations, stride, count, (float*)expected, Rows);
                    native.DotRows(weights, RowBytes, Rows, columns, activations, stride, count, (float*)found, Rows);
                    equal &= new Span<int>(expected, Rows * count).SequenceEqual(new Span<int>(found, Rows * count));
                }
            }
            native.FewestTogether = 2;
            for (int row = 0; row < Several; row++)
                form.Prepare((float*)x, TimedColumns, activations + row * stride);
            double alone = Measure(kernel, native, weights, activations, stride, 1, expected, found), several = Measure(kernel, native, weights, activations, stride, Several, expected, found);
            native.FewestTogether = 1;
            double together = Measure(kernel, native, weights, activations, stride, 1, expected, found);
            if (together < alone)
                native.FewestTogether = 2;
            return new(equal, Math.Max(alone, together), several);
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)weights, (nint)activations, (nint)x, (nint)expected, (nint)found])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    private const int SumBytes = Rows * MostActivations * sizeof(float);

    private static double Measure(in RowDotKernel kernel, NativeRows native, byte* weights, byte* activations, int stride, int count, byte* expected, byte* found)
    {
        RowDotKernel own = kernel;
        return TrialTime.Gain(
            () => own.DotRows(weights, RowBytes, TimedRows, TimedColumns, activations, stride, count, (float*)expected, TimedRows),
            () => native.DotRows(weights, RowBytes, TimedRows, TimedColumns, activations, stride, count, (float*)found, TimedRows));
    }

    private static void Fill(float* x, Random? random)
    {
        for (int i = 0; i < MostColumns; i++)
            x[i] = random is null ? -1 : random.NextSingle() - 0.5f;
    }

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
}
