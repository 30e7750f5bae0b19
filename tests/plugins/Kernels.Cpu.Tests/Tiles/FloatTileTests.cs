using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Floats;

namespace Tessera.Kernels.Cpu.Tests.Tiles;

/// <summary>Tiles of floats on every instruction set, against the row dots, which are tested against float64.</summary>
public unsafe class FloatTileTests
{
    public static MatrixTheoryData<string, string> Kernels => new([.. TileTable.FloatQuantizations], [.. Isas.All.Keys]);

    [Theory, MemberData(nameof(Kernels))]
    public void Products_are_bitwise_the_row_dots(string quantization, string isa)
    {
        CpuIsa set = Isas.All[isa];
        Assert.True(RowDotTable.TryGet(quantization, set, out RowDotKernel kernel));
        int width = TileTable.Width(set), lanes = FloatLanes.Of(set), shapes = 0;
        foreach (int columns in (int[])[32, 64, 96, 192, 576, 1024, 4160])
        {
            const int rows = 19;
            using TestWeight weight = TestWeight.Create(quantization, rows, columns, columns);
            TileKernel? tile = TileTable.Create(quantization, weight.Rows, weight.RowBytes, columns, set);
            Assert.Equal(width > 0 && columns % lanes == 0, tile is not null);
            if (tile is null)
                continue;
            tile.Compile();
            foreach (int count in Enumerable.Range(1, width))
                TileCheck.Run(kernel, Preparation.Float(set), tile, weight, rows, columns, count, TileKernel.WidthOf(count, width));
            shapes++;
        }
        Assert.Equal(width switch { 0 => 0, 8 => 7, _ => 5 }, shapes);
    }
}
