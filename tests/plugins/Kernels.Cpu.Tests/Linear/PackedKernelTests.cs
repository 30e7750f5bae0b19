using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Quant.CompressedTensors;
using Tessera.Quant.Gptq;
using Tessera.Quant.Mlx;
using Tessera.Quant.Mx;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Products of packed weights of four bits, read as they stand, against the unpacked rows, their tiles and float64.</summary>
public unsafe class PackedKernelTests
{
    private const int BatchRows = 3;

    public static TheoryData<string, int, int, int> Shapes => new()
    {
        { "gptq4", 8, 32, 32 }, { "gptq4", 72, 256, 64 }, { "gptq4", 256, 320, 320 }, { "gptq4", 200, 1024, 128 }, { "gptq4", 48, 96, 32 },
        { "mlx_affine4", 5, 32, 32 }, { "mlx_affine4", 7, 256, 64 }, { "mlx_affine4", 9, 640, 128 }, { "mlx_affine4", 3, 1056, 32 }, { "mlx_affine4", 2, 1024, 256 },
        { "ct_packed4", 5, 32, 32 }, { "ct_packed4", 17, 384, 128 }, { "ct_packed4", 9, 352, 352 }, { "ct_packed4.zeros", 21, 640, 64 }, { "ct_packed4.zeros", 8, 288, 288 },
        { "mx_fp4", 5, 32, 32 }, { "mx_fp4", 7, 608, 32 },
        { "awq4", 8, 32, 32 }, { "awq4", 64, 256, 128 }, { "awq4", 136, 320, 64 }, { "awq4", 256, 1024, 1024 }, { "awq4", 72, 96, 96 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Products_are_bitwise_those_of_the_unpacked_rows_and_of_the_tiles(string id, int rows, int columns, int group)
    {
        CpuIsa isa = CpuIsa.Detect();
        if (!isa.Avx2)
            return;
        using Weight weight = new(id, rows, columns, group, null);
        AffineSource source = AffineSource.Of(weight.Tensor, Weight.Type(weight.Tensor.Quantization))!;
        Preparation int8 = Preparation.Int8(isa);
        LinearKernel kernel = (TransposedTable.Create(weight.Tensor, source, int8, isa) ?? NibbleTable.Create(weight.Tensor, source, int8, isa))!;
        AffineLinear unpacked = new(weight.Tensor, source, int8, isa);
        float[] x = Activations(columns), expected = Multiply(unpacked, x, 8), found = Multiply(kernel, x, rows);
        Near(weight, x, found);
        Assert.Equal(expected, found);
        // Blocks of any number of rows give the same.
        Assert.Equal(expected, Multiply(kernel, x, 8));
        Assert.Equal(expected, Multiply(kernel, x, 40));
        Assert.Equal(expected, Tiles(kernel, x, isa));
    }

    [Theory]
    [InlineData(64, 256, 64, "turned"), InlineData(16, 96, 32, "turned"), InlineData(72, 1024, 128, "random"), InlineData(40, 512, 32, "random"), InlineData(8, 256, 128, "same place"), InlineData(104, 352, 32, "random")]
    public void Columns_in_another_order_are_brought_into_that_of_their_groups(int rows, int columns, int group, string kind)
    {
        CpuIsa isa = CpuIsa.Detect();
        int[] index = [.. Enumerable.Range(0, columns).Select(i => i * 5 % columns / group)];
        if (kind == "random")
            new Random(columns).Shuffle(index);
        if (kind == "same place")
            // A group's columns all in the same pair of bytes of their words, so that nothing can be joined.
            index = [.. Enumerable.Range(0, columns).Select(i => i % 8 / 4)];
        using Weight weight = new("gptq4", rows, columns, group, index);
        AffineSource source = AffineSource.Of(weight.Tensor, Weight.Type("gptq4"))!;
        Preparation ordered = Preparation.Int8(isa, source.Order!);
        Assert.True(ordered.IsSameAs(Preparation.Int8(isa, [.. source.Order!])));
        Assert.False(ordered.IsSameAs(Preparation.Int8(isa)) || Preparation.Int8(isa).IsSameAs(ordered));
        LinearKernel? gathered = TransposedTable.Create(weight.Tensor, source, Preparation.Int8(isa), isa);
        // The one before may have changed the order within groups.
        AffineLinear unpacked = new(weight.Tensor, source, ordered, isa);
        float[] x = Activations(columns), expected = Multiply(unpacked, x, 8);
        Near(weight, x, expected);
        if (unpacked.Tile is not null)
            Assert.Equal(expected, Tiles(unpacked, x, isa));
        Assert.Equal(isa.Avx2, gathered is not null);
        if (gathered is null)
            return;
        Assert.True(gathered.Preparation.IsSameAs(ordered));
        foreach (int block in new[] { rows, 8, 24, 32, 40 })
            Assert.Equal(expected, Multiply(gathered, x, block));
        Assert.Equal(expected, Tiles(gathered, x, isa));
    }

    [Fact]
    public void Fours_of_columns_stand_in_different_bytes_wherever_there_are_such()
    {
        const int Columns = 512, Group = 128;
        int[] groups = [.. Enumerable.Range(0, Columns).Select(i => i / Group)];
        new Random(3).Shuffle(groups);
        int[] order = [.. Enumerable.Range(0, Columns).OrderBy(i => groups[i]).ThenBy(i => i)], before = [.. order];
        ColumnFour[] fours = ColumnFours.Arrange(order, groups);
        Assert.Equal(before.Select(i => groups[i]), order.Select(i => groups[i]));
        Assert.Equal(before.Order(), order.Order());
        for (int i = 0; i < fours.Length; i++)
        {
            int[] four = order[(4 * i)..(4 * i + 4)];
            if (fours[i] != ColumnFour.Loose)
                Assert.Equal([0, 1, 2, 3], four.Select(c => c % 8 / 2));
            if (fours[i] is ColumnFour.Low or ColumnFour.High)
                Assert.All(four, c => Assert.Equal(fours[i] == ColumnFour.High ? 1 : 0, c % 2));
        }
        Assert.True(fours.Count(f => f is ColumnFour.Low or ColumnFour.High) > fours.Length / 2 && fours.Count(f => f == ColumnFour.Loose) < fours.Length / 4);
    }

    private static float[] Activations(int columns)
    {
        Random random = new(columns);
        return [.. Enumerable.Range(0, BatchRows * columns).Select(_ => random.NextSingle() - 0.5f)];
    }

    // What rounding to eight bits may move: half a step of each activation, times the weight.
    private static void Near(Weight weight, float[] x, float[] found)
    {
        int rows = (int)weight.Tensor.Rows, columns = (int)weight.Tensor.Columns;
        float[] values = new float[rows * columns];
        Weight.Type(weight.Tensor.Quantization).Validate(weight.Tensor);
        Weight.Type(weight.Tensor.Quantization).Dequantize(weight.Tensor, 0, rows, values);
        for (int b = 0; b < BatchRows; b++)
            for (int row = 0; row < rows; row++)
            {
                double expected = 0, magnitude = 0;
                for (int i = 0; i < columns; i++)
                    (expected, magnitude) = (expected + (double)values[row * columns + i] * x[b * columns + i], magnitude + Math.Abs(values[row * columns + i]));
                Assert.Equal(expected, found[b * rows + row], 0.5 / 127 / 2 * 1.02 * magnitude);
            }
    }

    private static float[] Multiply(LinearKernel kernel, float[] x, int block)
    {
        long stride = (kernel.Preparation.Bytes(kernel.Columns) + 63L) & ~63L;
        using NativeBytes prepared = new(stride * BatchRows), scratch = new(kernel.ScratchBytes(block));
        Prepare(kernel, x, prepared.Data, stride);
        float[] output = new float[BatchRows * kernel.Rows];
        fixed (float* to = output)
            for (int first = 0; first < kernel.Rows; first += block)
            {
                int count = Math.Min(block, kernel.Rows - first);
                kernel.Begin(first, count, scratch.Data);
                kernel.Multiply(first, count, scratch.Data, prepared.Data, stride, BatchRows, to + first, kernel.Rows);
            }
        return output;
    }

    private static float[] Tiles(LinearKernel kernel, float[] x, CpuIsa isa)
    {
        long stride = (kernel.Preparation.Bytes(kernel.Columns) + 63L) & ~63L;
        int width = TileTable.Width(isa);
        using NativeBytes prepared = new(stride * BatchRows), panel = new(kernel.Preparation.PanelBytes(kernel.Columns, width)), block = new(kernel.Tile!.BlockBytes(kernel.Rows));
        Prepare(kernel, x, prepared.Data, stride);
        int wide = TileKernel.WidthOf(BatchRows, width);
        kernel.Preparation.Pack(prepared.Data, stride, BatchRows, kernel.Columns, panel.Data, wide, 0, 1);
        kernel.Tile.Unpack(0, kernel.Rows, block.Data);
        float[] output = new float[BatchRows * kernel.Rows];
        fixed (float* to = output)
            kernel.Tile.Multiply(block.Data, kernel.Rows, panel.Data, wide, BatchRows, to, kernel.Rows);
        return output;
    }

    private static void Prepare(LinearKernel kernel, float[] x, byte* prepared, long stride)
    {
        fixed (float* from = x)
            for (int row = 0; row < BatchRows; row++)
                kernel.Preparation.Prepare(from + row * kernel.Columns, kernel.Columns, prepared + row * stride);
    }

    private sealed class NativeBytes(long length) : IDisposable
    {
        public byte* Data { get; } = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, length), 64);

        public void Dispose() => NativeMemory.AlignedFree(Data);
    }

    /// <summary>Random codes; scales of both signs.</summary>
    private sealed class Weight : IDisposable
    {
        private readonly List<MemoryFile> _files = [];

        public Weight(string id, int rows, int columns, int group, int[]? index)
        {
            Random random = new(rows);
            int groups = columns / group;
            byte[] data = new byte[rows * columns / 2], zeros = new byte[rows * groups / 2];
            random.NextBytes(data);
            random.NextBytes(zeros);
            Half[] Floats() => [.. Enumerable.Range(0, rows * groups).Select(_ => (Half)((random.NextSingle() - 0.3f) * 0.1f))];
            List<WeightPart> parts = [Part("data", data)];
            if (id == "mx_fp4")
                parts.Add(Part("scales", [.. Enumerable.Range(0, rows * groups).Select(_ => (byte)random.Next(120, 125))]));
            else
                parts.Add(Part("scales", MemoryMarshal.AsBytes(Floats().AsSpan())));
            if (id == "mlx_affine4")
                parts.Add(Part("biases", MemoryMarshal.AsBytes(Floats().AsSpan())));
            if (id is "gptq4" or "awq4")
                parts.Add(Part("zeros", zeros));
            // Words of eight rows.
            if (id == "ct_packed4.zeros")
                parts.Add(Part("zeros", ((byte[])[.. zeros, .. new byte[4 * groups]]).AsSpan(0, (rows + 7) / 8 * 4 * groups)));
            if (index is not null)
                parts.Add(Part("group_index", MemoryMarshal.AsBytes(index.AsSpan())));
            Tensor = new WeightTensor
            {
                Name = "w",
                Shape = [rows, columns],
                Quantization = id.Split('.')[0],
                Parts = [.. parts],
                Parameters = new Dictionary<string, string> { ["group"] = $"{group}", ["scale_type"] = "f16", ["zero_offset"] = "1" },
            };
        }

        public WeightTensor Tensor { get; }

        public static IQuantization Type(string id)
        {
            ServiceCollection services = new();
            foreach (IPlugin plugin in (IPlugin[])[new QuantGptqPlugin(), new QuantMlxPlugin(), new QuantMxPlugin(), new QuantCompressedTensorsPlugin()])
                plugin.Configure(services, new Dictionary<string, string>());
            using ServiceProvider provider = services.BuildServiceProvider();
            return provider.GetServices<IQuantization>().Single(q => q.Id == id);
        }

        public void Dispose() => _files.ForEach(f => f.Dispose());

        // At an odd address and at the very end of its memory.
        private WeightPart Part(string name, ReadOnlySpan<byte> bytes)
        {
            MemoryFile file = new(name, [0, .. bytes]);
            _files.Add(file);
            return new WeightPart(name, file, 1, bytes.Length);
        }
    }
}
