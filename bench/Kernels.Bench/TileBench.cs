using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Bench;

/// <summary>Billions of multiply-adds per second of tiles: a block of weights unpacked once and multiplied with activation rows that are interleaved already.</summary>
internal static unsafe class TileBench
{
    private const int Columns = 2048, Rows = 64;
    private static readonly int[] Counts = [2, 5, 8, 16, 64, 512];

    public static void Run(string[] names)
    {
        Console.WriteLine($"tiles, G multiply-adds/s, {Rows} rows of {Columns} columns, activation rows: {string.Join(", ", Counts)}; unpacking, GB/s of weights");
        CpuIsa here = CpuIsa.Detect();
        foreach (var type in Weights.Select(names).Where(type => TileTable.Quantizations.Contains(type.Id)))
            foreach (CpuIsa isa in new[] { here with { Avx512 = false }, here }.Where(isa => isa.Avx2).Distinct())
            {
                using Weights weights = new(type, Rows, Columns);
                TileKernel tile = TileTable.Create(type.Id, weights.Data, weights.RowBytes, Columns, isa)!;
                Console.WriteLine($"{type.Id,-5} {isa.Name,-8} {string.Join("   ", Counts.Select(count => Measure(type.Id, tile, isa, count)))}   {Unpack(tile, weights)}");
            }
    }

    private static string Measure(string type, TileKernel tile, CpuIsa isa, int count)
    {
        int width = TileTable.Width(isa);
        Preparation form = type.EndsWith("_k", StringComparison.Ordinal) ? Preparation.Int8Super(isa) : Preparation.Int8(isa);
        int stride = form.Bytes(Columns), panels = (count + width - 1) / width;
        long panelBytes = form.PanelBytes(Columns, width);
        using NativeBlock weights = new(tile.PanelBytes * Rows / Panels.Rows), x = new((long)sizeof(float) * Columns), rows = new((long)stride * width), activations = new(panelBytes * panels), output = new((long)sizeof(float) * Rows * count);
        Activations.Fill((float*)x.Bytes, Columns);
        for (int row = 0; row < width; row++)
            form.Prepare((float*)x.Bytes, Columns, rows.Bytes + row * stride);
        for (int panel = 0; panel < panels; panel++)
            form.Pack(rows.Bytes, stride, width, Columns, activations.Bytes + panel * panelBytes, count <= 8 ? 8 : width, 0, 1);
        tile.Compile();
        int passes = Math.Max(1, 512 / count);
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < passes; pass++)
            {
                tile.Unpack(0, Rows, weights.Bytes);
                for (int panel = 0; panel < panels; panel++)
                    tile.Multiply(weights.Bytes, Rows, activations.Bytes + panel * panelBytes, count <= 8 ? 8 : width, Math.Min(width, count - panel * width), (float*)output.Bytes + (long)panel * width * Rows, Rows);
            }
        });
        return timing.Rate((double)Rows * Columns * count * passes);
    }

    private static string Unpack(TileKernel tile, Weights weights)
    {
        using NativeBlock panels = new(tile.PanelBytes * Rows / Panels.Rows);
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < 100; pass++)
                tile.Unpack(0, Rows, panels.Bytes);
        });
        return timing.Rate((double)weights.Length * 100);
    }
}
