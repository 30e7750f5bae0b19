using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Tiles.Native;

/// <summary>A micro-kernel beside the built-in tile, on the same weights and activations: whether all bits are the same, and how much faster it is.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">The built-in tile's time / its time, of the best of many turns, with the width where that is most.</param>
/// <param name="LeastGain">With the other width, which may decide a step too.</param>
/// <param name="PairGain">The time of two panels one by one / that of both at once; 0: the products are not the same, or there is no kernel for two.</param>
internal readonly unsafe record struct TileTrial(bool IsEqual, double Gain, double LeastGain, double PairGain)
{
    private const int Columns = 1024, Rows = Panels.Rows;

    /// <summary>Whether it is worth its use: it gains with one width, and does not lose with the other.</summary>
    public bool IsFaster => Gain >= TrialTime.Worth && LeastGain >= TrialTime.NoLoss;

    /// <summary>Whether two panels at once are worth it.</summary>
    public bool IsPairFaster => PairGain >= TrialTime.Worth;

    public static TileTrial Run(string layout, NativeTile native, CpuIsa isa)
    {
        string type = TileLayouts.TypeOf(layout);
        bool super = layout is TileLayouts.SuperBy16 or TileLayouts.SuperBy32;
        Preparation form = super ? Preparation.Int8Super(isa) : Preparation.Int8(isa);
        int rowBytes = Columns / 32 * 64, stride = (form.Bytes(Columns) + 63) & ~63;
        long panelBytes = form.PanelBytes(Columns, TileKernel.MaxWidth);
        byte* weights = Take(Rows * rowBytes + Prefetched), rows = Take(stride * TileKernel.MaxWidth), panel = Take(2 * panelBytes), x = Take(Columns * sizeof(float)), block = null, expected = Take(2 * SumBytes), found = Take(2 * SumBytes);
        try
        {
            Random random = new(1);
            TrialWeights.Fill(type, weights, Rows, rowBytes, random);
            BlockTileKernel own = (BlockTileKernel)TileTable.Create(type, weights, rowBytes, Columns, isa)!, theirs = (BlockTileKernel)TileTable.Create(type, weights, rowBytes, Columns, isa, native)!;
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
            // Second bytes are multiplied block by block, and rows may have any number of blocks.
            bool equal = AreEqual(own, block, theirs, other, rows, stride, form, super);
            double gain = 0, least = double.MaxValue;
            foreach (int width in (int[])[8, TileKernel.MaxWidth])
            {
                form.Pack(rows, stride, width, Columns, panel, width, 0, 1);
                own.Multiply(block, Rows, panel, 0, width, width, (float*)expected, Rows);
                theirs.Multiply(other, Rows, panel, 0, width, width, (float*)found, Rows);
                equal &= new Span<int>(expected, Rows * width).SequenceEqual(new Span<int>(found, Rows * width));
                double now = TrialTime.Gain(() => own.Multiply(block, Rows, panel, 0, width, width, (float*)expected, Rows), () => theirs.Multiply(other, Rows, panel, 0, width, width, (float*)found, Rows));
                (gain, least) = (Math.Max(gain, now), Math.Min(least, now));
            }
            double pairGain = 0;
            if (equal && native.HasPair)
            {
                // The second panel has the rows backwards.
                form.Pack(rows + (TileKernel.MaxWidth - 1) * stride, -stride, TileKernel.MaxWidth, Columns, panel + panelBytes, TileKernel.MaxWidth, 0, 1);
                pairGain = PairOf(theirs, other, panel, panelBytes, (float*)expected, (float*)found);
            }
            return new(equal, gain, least, pairGain);
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)weights, (nint)rows, (nint)panel, (nint)x, (nint)block, (nint)expected, (nint)found])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    private static bool AreEqual(BlockTileKernel own, byte* block, BlockTileKernel theirs, byte* other, byte* rows, int stride, Preparation form, bool super)
    {
        int columns = super ? Int8SuperActivation.Block : Int8Activation.Group;
        byte* panel = Take(form.PanelBytes(Columns, TileKernel.MaxWidth)), expected = Take(SumBytes), found = Take(SumBytes);
        try
        {
            bool equal = true;
            foreach (int width in (int[])[8, TileKernel.MaxWidth])
            {
                form.Pack(rows, stride, width, Columns, panel, width, 0, 1);
                for (int i = 0; i < Columns / columns; i += 3)
                {
                    own.MultiplyBlock(block, i, panel, width, (float*)expected);
                    theirs.MultiplyBlock(other, i, panel, width, (float*)found);
                    equal &= new Span<int>(expected, Panels.Rows * width).SequenceEqual(new Span<int>(found, Panels.Rows * width));
                }
            }
            return equal;
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)panel, (nint)expected, (nint)found])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    private static double PairOf(TileKernel tile, byte* block, byte* panel, long panelBytes, float* expected, float* found)
    {
        const int Half = Rows * TileKernel.MaxWidth;
        double gain = TrialTime.Gain(
            () =>
            {
                tile.Multiply(block, Rows, panel, 0, TileKernel.MaxWidth, TileKernel.MaxWidth, expected, Rows);
                tile.Multiply(block, Rows, panel + panelBytes, 0, TileKernel.MaxWidth, TileKernel.MaxWidth, expected + Half, Rows);
            },
            () => tile.Multiply(block, Rows, panel, panelBytes, TileKernel.MaxWidth, 2 * TileKernel.MaxWidth, found, Rows));
        return new Span<int>(expected, 2 * Half).SequenceEqual(new Span<int>(found, 2 * Half)) ? gain : 0;
    }

    private const int SumBytes = Rows * TileKernel.MaxWidth * sizeof(float), Prefetched = 8192;

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
}
