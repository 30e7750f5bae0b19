using Tessera.Kernels.Cpu.Jit;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Bench;

/// <summary>Billions of multiply-adds per second of tiles: a block of weights unpacked once and multiplied with activation rows that are interleaved already.</summary>
internal static unsafe class TileBench
{
    private const int Columns = 2048, Rows = 64;
    private static readonly int[] Counts = [2, 5, 8, 16, 24, 32, 64, 512];

    public static void Run(string[] names)
    {
        Console.WriteLine($"tiles, G multiply-adds/s, {Rows} rows of {Columns} columns, activation rows: {string.Join(", ", Counts)}; unpacking, GB/s of weights");
        CpuIsa here = CpuIsa.Detect();
        foreach (var type in Weights.Select(names))
            foreach (CpuIsa isa in new[] { here with { Avx512 = false, Avx512Vbmi = false }, here }.Where(isa => isa.Avx2).Distinct())
            {
                using Weights weights = new(type, Rows, Columns);
                if (TileTable.Create(type.Id, weights.Data, weights.RowBytes, Columns, isa) is { } own)
                    Say(type.Id, isa.Name, own, isa, weights);
                if (RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel))
                    Console.WriteLine($"{type.Id,-5} {"row dots",-11} {string.Join("   ", Counts.Select(count => MeasureRows(kernel, weights, isa, count)))}");
                using NativeTiles natives = new([new JitTileSource()], isa);
                if (TileTable.LayoutOf(type.Id) is { } layout && natives.Find(layout, out _) is { } native)
                    Say(type.Id, native.Description, TileTable.Create(type.Id, weights.Data, weights.RowBytes, Columns, isa, native)!, isa, weights);
            }
    }

    private static void Say(string type, string name, TileKernel tile, CpuIsa isa, Weights weights)
    {
        Preparation form = TileTable.FloatQuantizations.Contains(type) ? Preparation.Float(isa) : RowDotTable.TryGet(type, isa, out RowDotKernel kernel) && kernel.Form == ActivationForm.Int8Blocks256 ? Preparation.Int8Super(isa) : Preparation.Int8(isa);
        Console.WriteLine($"{type,-5} {name,-11} {string.Join("   ", Counts.Select(count => Measure(form, tile, Columns, isa, count)))}   {Unpack(tile, weights)}");
    }

    /// <summary>Measures the first 64 rows.</summary>
    /// <param name="form">The activations' form.</param>
    /// <param name="tile">The kernel.</param>
    /// <param name="columns">Columns of the weight.</param>
    /// <param name="isa">Instruction sets.</param>
    /// <param name="count">Activation rows.</param>
    public static string Measure(Preparation form, TileKernel tile, int columns, CpuIsa isa, int count)
    {
        int width = TileTable.Width(isa);
        int stride = form.Bytes(columns), panels = (count + width - 1) / width;
        long panelBytes = form.PanelBytes(columns, width);
        using NativeBlock weights = new(tile.BlockBytes(Rows)), x = new((long)sizeof(float) * columns), rows = new((long)stride * width), activations = new(panelBytes * panels), output = new((long)sizeof(float) * Rows * count);
        Activations.Fill((float*)x.Bytes, columns);
        for (int row = 0; row < width; row++)
            form.Prepare((float*)x.Bytes, columns, rows.Bytes + row * stride);
        for (int panel = 0; panel < panels; panel++)
            form.Pack(rows.Bytes, stride, width, columns, activations.Bytes + panel * panelBytes, count <= 8 ? 8 : width, 0, 1);
        tile.Compile();
        int passes = Math.Max(1, 512 / count);
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < passes; pass++)
            {
                tile.Unpack(0, Rows, weights.Bytes);
                for (int first = 0, rows; first < count; first += rows)
                {
                    rows = tile.RowsAtOnce(count - first, width);
                    tile.Multiply(weights.Bytes, Rows, activations.Bytes + first / width * panelBytes, panelBytes, count <= 8 ? 8 : width, rows, (float*)output.Bytes + (long)first * Rows, Rows);
                }
            }
        });
        return timing.Rate((double)Rows * columns * count * passes);
    }

    // As a product takes them: large blocks where weights pass by once, else as many weight rows as the first-level cache holds beside the activations.
    private static string MeasureRows(RowDotKernel kernel, Weights weights, CpuIsa isa, int count)
    {
        int blockBytes = count <= kernel.Together ? 96 << 10 : 16 << 10;
        int stride = Activations.Stride(Columns, kernel.Form), block = Math.Clamp(blockBytes / (int)weights.RowBytes / 8 * 8, 8, Rows), passes = Math.Max(1, 512 / count);
        using NativeBlock activations = Activations.Rows(count, Columns, kernel.Form, isa), output = new((long)sizeof(float) * Rows * count);
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < passes; pass++)
                for (int row = 0; row < Rows; row += block)
                    kernel.DotRows(weights.Data + row * weights.RowBytes, weights.RowBytes, Math.Min(block, Rows - row), Columns, activations.Bytes, stride, count, (float*)output.Bytes + row, Rows);
        });
        return timing.Rate((double)Rows * Columns * count * passes);
    }

    private static string Unpack(TileKernel tile, Weights weights)
    {
        using NativeBlock panels = new(tile.BlockBytes(Rows));
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < 100; pass++)
                tile.Unpack(0, Rows, panels.Bytes);
        });
        return timing.Rate((double)weights.Length * 100);
    }
}
