using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Products with activations that have second bytes.</summary>
public unsafe class RefinementTests
{
    private const int Rows = 43, Batch = 37;

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string type in (string[])["q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q8_1", "iq4_nl", "mxfp4", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k"])
                foreach (string isa in Isas.All.Keys)
                    data.Add(type, isa);
            return data;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Outliers_cost_less_than_the_half_of_what_one_byte_loses(string type, string isa)
    {
        using Case products = new(type, isa);
        using Case plain = new(type, isa, ProductInput.Other);
        Assert.Equal((0, 0), (plain.Kernel.Preparation.RefinedGroups, products.Kernel.Preparation.RefinedGroups - (products.IsSuper ? 2 : 1)));
        double refined = products.Error(products.Together()), rounded = plain.Error(plain.Together());
        Assert.InRange(refined / rounded, 0, 0.5);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Each_row_alone_and_tiles_give_bitwise_what_all_rows_give(string type, string isa)
    {
        using Case products = new(type, isa);
        float[] together = products.Together(), alone = new float[together.Length];
        for (int row = 0; row < Batch; row++)
            fixed (float* output = &alone[row * Rows])
                for (int first = 0; first < Rows; first += 11)
                    products.Kernel.Multiply(first, Math.Min(11, Rows - first), null, products.Prepared.Bytes + row * products.Stride, products.Stride, 1, output + first, Rows);
        Assert.Equal(together, alone);
        if (products.Kernel.Tile is not { } tile)
            return;
        Assert.Equal(together, products.ByTiles(tile));
        Assert.Equal(together, products.ByFeatures(tile));
        // Each row with outliers of its own.
        using Case scattered = new(type, isa, scattered: true);
        Assert.Equal(scattered.Together(), scattered.ByFeatures(scattered.Kernel.Tile!));
    }

    /// <summary>A weight, activation rows with outliers, in the same columns of some rows, and their exact products.</summary>
    private sealed class Case : IDisposable
    {
        private readonly TestWeight _weight;
        private readonly double[] _exact = new double[Batch * Rows];
        private readonly int _columns;
        private readonly float[][] _activations = new float[Batch][];

        public Case(string type, string isa, ProductInput? input = null, bool scattered = false)
        {
            IsSuper = type.EndsWith("_k", StringComparison.Ordinal);
            _columns = IsSuper ? 6 * 256 : 18 * 32;
            _weight = TestWeight.Create(type, Rows, _columns, 7);
            Kernel = new KernelChoice(Quantizations.With(), ActivationPrecision.Fast, Isas.All[isa], new NativeTiles([], Isas.All[isa]), new NativeRowDots([], Isas.All[isa]), [])
                .Choose(new Node(), _weight.Tensor, input ?? (IsSuper ? ProductInput.Gate : ProductInput.Norm));
            Stride = (Kernel.Preparation.Bytes(_columns) + 63) & ~63;
            Prepared = new NativeBuffer((long)Stride * Batch);
            Random random = new(11);
            for (int row = 0; row < Batch; row++)
            {
                float[] x = [.. Enumerable.Range(0, _columns).Select(_ => random.NextSingle() - 0.5f)];
                x[scattered || row % 5 == 4 ? random.Next(_columns) : 77] = 60;
                if (IsSuper)
                    x[scattered ? random.Next(_columns) : _columns - 5] = -50;
                _activations[row] = x;
                fixed (float* source = x)
                    Kernel.Preparation.Prepare(source, _columns, Prepared.Bytes + row * Stride);
                for (int i = 0; i < Rows * _columns; i++)
                    _exact[row * Rows + i / _columns] += (double)_weight.Values[i] * x[i % _columns];
            }
        }

        public bool IsSuper { get; }

        public LinearKernel Kernel { get; }

        public int Stride { get; }

        public NativeBuffer Prepared { get; }

        public float[] Together()
        {
            float[] products = new float[Batch * Rows];
            fixed (float* output = products)
                Kernel.Multiply(0, Rows, null, Prepared.Bytes, Stride, Batch, output, Rows);
            return products;
        }

        public float[] ByTiles(TileKernel tile)
        {
            int width = TileTable.Width(CpuIsa.Detect());
            float[] products = new float[Batch * Rows];
            using NativeBuffer panel = new(Kernel.Preparation.PanelBytes(_columns, width)), block = new(tile.BlockBytes(Rows));
            tile.Unpack(0, Rows, block.Bytes);
            fixed (float* output = products)
                for (int first = 0; first < Batch; first += width)
                {
                    int count = Math.Min(width, Batch - first), wide = TileKernel.WidthOf(count, width);
                    Kernel.Preparation.Pack(Prepared.Bytes + first * Stride, Stride, count, _columns, panel.Bytes, wide, 0, 1);
                    Kernel.MultiplyTiles(0, Rows, block.Bytes, panel.Bytes, 0, width, count, output + first * Rows, Rows);
                }
            return products;
        }

        public float[] ByFeatures(TileKernel tile)
        {
            int width = TileTable.Width(CpuIsa.Detect());
            float[] products = new float[Batch * Rows];
            using NativeBuffer panel = new(Kernel.Preparation.PanelBytes(_columns, width)), block = new(tile.BlockBytes(Rows)), output = new(Rows * width * sizeof(float)), features = new(_columns * width * sizeof(float));
            tile.Unpack(0, Rows, block.Bytes);
            for (int first = 0; first < Batch; first += width)
            {
                int count = Math.Min(width, Batch - first), wide = TileKernel.WidthOf(count, width);
                for (int i = 0; i < _columns * count; i++)
                    features.Floats[i / count * wide + i % count] = _activations[first + i % count][i / count];
                Kernel.Preparation.PackFeatures(features.Floats, _columns, wide, count, panel.Bytes);
                tile.MultiplyByFeatures(block.Bytes, Rows, panel.Bytes, 0, wide, output.Floats, null);
                Kernel.Refine(0, Rows, block.Bytes, panel.Bytes, wide, wide, output.Floats, wide, 1);
                for (int i = 0; i < Rows * count; i++)
                    products[(first + i % count) * Rows + i / count] = output.Floats[i / count * wide + i % count];
            }
            return products;
        }

        /// <summary>The root of the mean square of what products are away from the exact ones.</summary>
        public double Error(float[] products) => Math.Sqrt(products.Zip(_exact, (found, exact) => (found - exact) * (found - exact)).Average());

        public void Dispose()
        {
            _weight.Dispose();
            Prepared.Dispose();
        }
    }

    private sealed record Node() : GraphNode("test", new GraphValue(1, "out", Rows))
    {
        public override string Operation => "test";

        public override int Revision => 1;

        public override IReadOnlyList<GraphValue> Inputs => [];
    }
}
