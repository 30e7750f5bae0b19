using System.Diagnostics;
using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tiles.Native;

/// <summary>A micro-kernel beside the built-in tile, on the same weights and activations: whether all bits are the same, and how much faster it is.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">The built-in tile's time / its time, of the best of many turns.</param>
internal readonly unsafe record struct TileTrial(bool IsEqual, double Gain)
{
    private const int Columns = 1024, Rows = Panels.Rows, Turns = 15, Passes = 8;

    private const double LeastGain = 1.05;

    /// <summary>Whether it is worth its use.</summary>
    public bool IsFaster => Gain >= LeastGain;

    public static TileTrial Run(string layout, NativeTile native, CpuIsa isa)
    {
        string type = TileLayouts.TypeOf(layout);
        bool super = layout is TileLayouts.SuperBy16 or TileLayouts.SuperBy32;
        Preparation form = super ? Preparation.Int8Super(isa) : Preparation.Int8(isa);
        int rowBytes = Columns / 32 * 64, stride = (form.Bytes(Columns) + 63) & ~63;
        long panelBytes = form.PanelBytes(Columns, TileKernel.MaxWidth);
        byte* weights = Take(Rows * rowBytes + Prefetched), rows = Take(stride * TileKernel.MaxWidth), panel = Take(panelBytes), x = Take(Columns * sizeof(float)), block = null, expected = Take(SumBytes), found = Take(SumBytes);
        try
        {
            Random random = new(1);
            // Any bytes but those that make a half not a number.
            for (int i = 0; i < Rows * rowBytes; i++)
                weights[i] = (byte)(random.Next() & 0x7B);
            TileKernel own = TileTable.Create(type, weights, rowBytes, Columns, isa)!, theirs = TileTable.Create(type, weights, rowBytes, Columns, isa, native)!;
            block = Take(own.BlockBytes(Rows) + theirs.BlockBytes(Rows));
            byte* other = block + own.BlockBytes(Rows);
            own.Compile();
            own.Unpack(0, Rows, block);
            theirs.Unpack(0, Rows, other);
            for (int row = 0; row < TileKernel.MaxWidth; row++)
            {
                for (int i = 0; i < Columns; i++)
                    ((float*)x)[i] = row == 1 ? -1 : random.NextSingle() - 0.5f;
                form.Prepare((float*)x, Columns, rows + row * stride);
            }
            bool equal = true;
            double gain = 0;
            foreach (int width in (int[])[8, TileKernel.MaxWidth])
            {
                form.Pack(rows, stride, width, Columns, panel, width, 0, 1);
                own.Multiply(block, Rows, panel, width, width, (float*)expected, Rows);
                theirs.Multiply(other, Rows, panel, width, width, (float*)found, Rows);
                equal &= new Span<int>(expected, Rows * width).SequenceEqual(new Span<int>(found, Rows * width));
                double best = double.MaxValue, bestOther = double.MaxValue;
                for (int turn = 0; turn < Turns; turn++)
                {
                    best = Math.Min(best, Seconds(own, block, panel, width, (float*)expected));
                    bestOther = Math.Min(bestOther, Seconds(theirs, other, panel, width, (float*)found));
                }
                gain = best / bestOther;
            }
            return new(equal, gain);
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)weights, (nint)rows, (nint)panel, (nint)x, (nint)block, (nint)expected, (nint)found])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    private const int SumBytes = Rows * TileKernel.MaxWidth * sizeof(float), Prefetched = 8192;

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);

    private static double Seconds(TileKernel tile, byte* block, byte* panel, int width, float* sums)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < Passes; pass++)
            tile.Multiply(block, Rows, panel, width, width, sums, Rows);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
