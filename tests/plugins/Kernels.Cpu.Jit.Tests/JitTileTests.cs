using Tessera.Abstractions.Backends;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tests.Tiles;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Machine code against the row dots, which are tested against float64.</summary>
public sealed unsafe class JitTileTests
{
    private static readonly CpuIsa Here = CpuIsa.Detect();

    public static TheoryData<string> Types => [.. TileTable.Quantizations.ToArray().Where(q => TileTable.LayoutOf(q) is not null)];

    [Theory, MemberData(nameof(Types))]
    public void Products_are_bitwise_the_row_dots(string quantization)
    {
        using NativeTile native = Require(quantization, out RowDotKernel kernel, out Preparation form);
        int[] shapes = TileCheck.Shapes(quantization);
        int cases = 0;
        foreach (int columns in shapes)
        {
            const int rows = 19;
            using TestWeight weight = TestWeight.CreateRandomBits(quantization, rows, columns, columns);
            TileKernel tile = TileTable.Create(quantization, weight.Rows, weight.RowBytes, columns, Here, native)!;
            Assert.True(tile.IsNative);
            tile.Compile();
            Assert.True(tile.HasPair);
            for (int count = 1; count <= 2 * TileKernel.MaxWidth; count++, cases++)
                TileCheck.Run(kernel, form, tile, weight, rows, columns, count, TileKernel.WidthOf(count, TileKernel.MaxWidth));
        }
        Assert.Equal(shapes.Length * 2 * TileKernel.MaxWidth, cases);
    }

    [Theory, MemberData(nameof(Types))]
    public void The_largest_values_of_both_signs_are_exact(string quantization)
    {
        using NativeTile native = Require(quantization, out RowDotKernel kernel, out Preparation form);
        const int rows = 19, columns = 512;
        foreach (byte code in (byte[])[0xff, 0x7f, 0x80, 0])
        {
            using TestWeight weight = TestWeight.CreateOneCode(quantization, rows, columns, code);
            TileKernel tile = TileTable.Create(quantization, weight.Rows, weight.RowBytes, columns, Here, native)!;
            foreach (int count in (int[])[8, TileKernel.MaxWidth, 2 * TileKernel.MaxWidth])
                TileCheck.Run(kernel, form, tile, weight, rows, columns, count, Math.Min(count, TileKernel.MaxWidth));
        }
    }

    [Fact]
    public void Every_layout_of_the_backend_has_code_for_both_widths_and_for_two_panels()
    {
        foreach (string layout in Types.Select(t => TileTable.LayoutOf(t.Data)!))
            Assert.Contains(TileLayouts.PairId(layout), JitTileSource.Layouts.Keys);
        foreach (string quantization in Types.Select(t => t.Data))
            foreach (int width in (int[])[8, TileKernel.MaxWidth])
                Assert.Contains(TileLayouts.Id(TileTable.LayoutOf(quantization)!, width), JitTileSource.Layouts.Keys);
    }

    [Theory]
    [InlineData("cpu.group32.zero3.w8.r2")]
    [InlineData("cpu.group32.zero5.w8.r1")]
    [InlineData("cpu.group32.step5.w8.r1")]
    [InlineData("cpu.super256.by32.w32.r1")]
    [InlineData("")]
    public void Other_layouts_have_none(string layout) => Assert.Null(new JitTileSource().TryGet(layout));

    [Fact]
    public void A_tile_whose_products_are_others_is_not_used_and_said_not_to_be()
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        // Another zero point: code that works, and computes something else.
        NativeTiles tiles = new([new Mistaken()], Here);
        Assert.Null(tiles.Find(TileLayouts.OfGroups(3, hasMinimum: false), out string why));
        Assert.Contains("not used: its products are not those of the built-in ones", why, StringComparison.Ordinal);
        tiles.Dispose();
        Assert.Equal((3, 3), (Mistaken.Given, Mistaken.Returned));
    }

    /// <summary>The tile of a type's layout.</summary>
    private static NativeTile Require(string quantization, out RowDotKernel kernel, out Preparation form)
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        Assert.True(RowDotTable.TryGet(quantization, Here, out kernel));
        form = kernel.Form == ActivationForm.Int8Blocks256 ? Preparation.Int8Super(Here) : Preparation.Int8(Here);
        JitTileSource source = new();
        string layout = TileTable.LayoutOf(quantization)!;
        return new(source.TryGet(TileLayouts.Id(layout, 8))!, source.TryGet(TileLayouts.Id(layout, TileKernel.MaxWidth))!, source.TryGet(TileLayouts.PairId(layout)));
    }

    private sealed class Mistaken : ITileSource
    {
        public static int Given { get; private set; }

        public static int Returned { get; private set; }

        public ITile? TryGet(string layout)
        {
            Given++;
            return new Lease(new JitTileSource().TryGet(layout.Replace("zero3", "zero4", StringComparison.Ordinal))!);
        }

        private sealed class Lease(ITile tile) : ITile
        {
            public nint EntryPoint => tile.EntryPoint;

            public string Description => "mistaken";

            public void Dispose()
            {
                Returned++;
                tile.Dispose();
            }
        }
    }
}
