using Tessera.Conformance.Checks;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tests.Tiles;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Machine code for the matrices of experts, also of those that are tensors of their own.</summary>
public sealed unsafe class JitExpertTests
{
    // Both experts have all rows: two panels at once, and what is left.
    [Theory]
    [InlineData("mxfp4", false)]
    [InlineData("mxfp4", true)]
    [InlineData("q8_0", true)]
    [InlineData("q4_k", false)]
    public void Logits_are_bitwise_those_without_it(string type, bool stacked)
    {
        CheckShape shape = new() { Width = 256, FeedForward = 256, Heads = 4, HeadLength = 64, Layers = 1, Quantization = type, Experts = new CheckExperts(2, new ExpertRouting(2, ExpertScoring.Softmax)) { Stacked = stacked } };
        using CheckModel model = new(shape, Quantizations.With());
        int[] tokens = [.. Enumerable.Range(0, 90).Select(i => i * 7 % shape.Vocabulary)];
        RuntimeLimits limits = Session.Limits(ActivationPrecision.Fast, KvType.F16);
        using Session without = new(model.Graph, Quantizations.With(), limits), with = new(model.Graph, Quantizations.With(), limits, lanes: 2, tiles: new JitTileSource());
        Assert.Equal(Bits(without.Feed(0, tokens, 1)), Bits(with.Feed(0, tokens, tokens.Length)));
    }

    [Theory]
    [InlineData("q4_0")]
    [InlineData("mxfp4")]
    [InlineData("q4_k")]
    public void Stacked_tiles_take_two_panels_at_once_where_their_slices_do(string type)
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        const int rows = 19, columns = 768;
        CpuIsa here = CpuIsa.Detect();
        string layout = TileTable.LayoutOf(type)!;
        JitTileSource source = new();
        using NativeTile native = new(source.TryGet(TileLayouts.Id(layout, 8))!, source.TryGet(TileLayouts.Id(layout, TileKernel.MaxWidth))!, source.TryGet(TileLayouts.PairId(layout)));
        using TestWeight first = TestWeight.CreateRandomBits(type, rows, columns, 1), second = TestWeight.CreateRandomBits(type, rows, columns, 2);
        TileKernel[] slices = [.. new[] { first, second }.Select(w => TileTable.Create(type, w.Rows, w.RowBytes, columns, here, native)!)];
        StackedTileKernel stacked = new(slices, rows);
        Assert.True(stacked.HasPair);
        Assert.Equal(2 * TileKernel.MaxWidth, stacked.RowsAtOnce(40, TileKernel.MaxWidth));
        Assert.True(RowDotTable.TryGet(type, here, out RowDotKernel kernel));
        Preparation form = kernel.Form == ActivationForm.Int8Blocks256 ? Preparation.Int8Super(here) : Preparation.Int8(here);
        TileCheck.Run(kernel, form, stacked, first, rows, columns, 2 * TileKernel.MaxWidth, TileKernel.MaxWidth);
    }

    private static int[] Bits(float[][] logits) => [.. logits.SelectMany(row => row).Select(BitConverter.SingleToInt32Bits)];
}
