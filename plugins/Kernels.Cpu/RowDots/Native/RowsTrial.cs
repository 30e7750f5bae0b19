using System.Diagnostics;
using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Linear;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>A tile source's row dots beside the built-in kernel, on the same weights and activations: whether all bits are the same, and how much faster one activation row's are.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">The built-in kernel's time / their time, of the best of many turns.</param>
internal readonly unsafe record struct RowsTrial(bool IsEqual, double Gain)
{
    // Rows of one length for every type, which products of fewer columns read the front of.
    private const int RowBytes = 2048, MostColumns = 7 * 256, TimedColumns = 4 * 256, Rows = 16, Turns = 15, Passes = 8, Prefetched = 8192;

    private const double LeastGain = 1.05;

    /// <summary>Whether it is worth its use.</summary>
    public bool IsFaster => Gain >= LeastGain;

    public static RowsTrial Run(in RowDotKernel kernel, NativeRows native, CpuIsa isa)
    {
        bool super = kernel.Form == ActivationForm.Int8Blocks256;
        Preparation form = super ? Preparation.Int8Super(isa) : Preparation.Int8(isa);
        int stride = (form.Bytes(MostColumns) + 63) & ~63;
        byte* weights = Take(Rows * RowBytes + Prefetched), activations = Take(stride * NativeRows.Most), x = Take(MostColumns * sizeof(float)), expected = Take(SumBytes), found = Take(SumBytes);
        try
        {
            Random random = new(1);
            TrialWeights.Fill(kernel.Quantization, weights, Rows, RowBytes, random);
            bool equal = true;
            for (int left = 0; left < (super ? 4 : 8); left++)
            {
                // Every number of blocks that is left when four, or eight small ones, were taken together.
                int columns = super ? (4 + left) * 256 : (8 + left) * 32;
                for (int row = 0; row < NativeRows.Most; row++)
                {
                    Fill((float*)x, row == 1 ? null : random);
                    form.Prepare((float*)x, columns, activations + row * stride);
                }
                for (int count = 1; count <= NativeRows.Most; count++)
                {
                    kernel.DotRows(weights, RowBytes, Rows, columns, activations, stride, count, (float*)expected, Rows);
                    native.DotRows(weights, RowBytes, Rows, columns, activations, stride, count, (float*)found, Rows);
                    equal &= new Span<int>(expected, Rows * count).SequenceEqual(new Span<int>(found, Rows * count));
                }
            }
            form.Prepare((float*)x, TimedColumns, activations);
            double best = double.MaxValue, other = double.MaxValue;
            for (int turn = 0; turn < Turns; turn++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int pass = 0; pass < Passes; pass++)
                    kernel.Dot(weights, RowBytes, Rows, TimedColumns, activations, (float*)expected);
                long between = Stopwatch.GetTimestamp();
                for (int pass = 0; pass < Passes; pass++)
                    native.DotRows(weights, RowBytes, Rows, TimedColumns, activations, stride, 1, (float*)found, Rows);
                best = Math.Min(best, between - start);
                other = Math.Min(other, Stopwatch.GetTimestamp() - between);
            }
            return new(equal, best / other);
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)weights, (nint)activations, (nint)x, (nint)expected, (nint)found])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    private const int SumBytes = Rows * NativeRows.Most * sizeof(float);

    private static void Fill(float* x, Random? random)
    {
        for (int i = 0; i < MostColumns; i++)
            x[i] = random is null ? -1 : random.NextSingle() - 0.5f;
    }

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
}
