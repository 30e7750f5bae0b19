using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.Linear.Transcoding;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tests.Linear.Transcoding;

/// <summary>Weights of four bits that are written anew as rows of nibbles: every product stays what it was, bit for bit.</summary>
public sealed unsafe class RowNibblesTests : IDisposable
{
    private readonly NativeArena _arena = new();

    public void Dispose() => _arena.Dispose();

    /// <summary>Types, rows of whole words and of some more, groups, scattered or not, and scales; zero points of one more than four bits hold are among those of the first kind.</summary>
    public static TheoryData<string, int, int, int, bool, string, int> Weights => new()
    {
        { "gptq4", 8, 64, 64, false, "f16", 1 }, { "gptq4", 72, 512, 128, false, "f16", 1 }, { "gptq4", 200, 1024, 256, false, "bf16", 0 }, { "gptq4", 16, 320, 320, false, "f32", 1 },
        { "gptq4", 72, 512, 128, true, "f16", 1 }, { "gptq4", 520, 1024, 64, true, "bf16", 0 }, { "gptq4", 40, 256, 128, true, "f32", 1 },
        { "awq4", 72, 512, 128, false, "f16", 0 }, { "awq4", 136, 192, 192, false, "bf16", 0 },
        { "ct_packed4", 17, 512, 128, true, "f16", 0 }, { "ct_packed4.zeros", 24, 256, 64, true, "bf16", 0 },
    };

    [Theory, MemberData(nameof(Weights))]
    public void Products_are_those_of_the_stored_weight(string id, int rows, int columns, int group, bool scattered, string scaleType, int zeroOffset)
    {
        int[]? index = scattered ? [.. Enumerable.Range(0, columns).Select(i => i / group)] : null;
        if (index is not null)
            new Random(5).Shuffle(index);
        using PackedWeight weight = new(id, rows, columns, group, index, scaleType, zeroOffset);
        float[] x = PackedProducts.Activations(columns);
        foreach (CpuIsa isa in Isas.All.Values.Where(isa => isa.Avx2))
        {
            AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(weight.Tensor.Quantization))!;
            Preparation form = source.Order is { } order ? Preparation.Int8(isa, order) : Preparation.Int8(isa);
            using InlineWorkTeam team = new(2);
            WeightTensor written = new Transcoder(team, _arena).TryRows(weight.Tensor, source)!;
            RowNibbles nibbles = new(written);
            PackedLinear anew = NibbleTable.Create(written, nibbles.Rows, new AffineSource(written, nibbles), form, isa);
            float[] expected = PackedProducts.Multiply(new AffineLinear(weight.Tensor, source, form, isa), x, 8);
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), PackedProducts.Multiply(anew, x, rows).Select(BitConverter.SingleToInt32Bits));
            Assert.Equal(expected, PackedProducts.Tiles(anew, x, isa));
        }
    }

    /// <summary>Groups whose scales would take more than a bit of each weight, and those that the kernels of rows do not know, stay as they are.</summary>
    [Theory]
    [InlineData(256, 32)]
    [InlineData(192, 96)]
    public void Other_groups_are_left(int columns, int group)
    {
        using PackedWeight weight = new("gptq4", 16, columns, group, null);
        using InlineWorkTeam team = new(1);
        Assert.Null(new Transcoder(team, _arena).TryRows(weight.Tensor, AffineSource.Of(weight.Tensor, PackedWeight.Type("gptq4"))!));
        Assert.Equal(0, _arena.Bytes);
        Assert.SkipUnless(CpuIsa.Detect().Avx2, "no AVX2 here");
        List<string> said = [];
        using NativeTiles tiles = new([], CpuIsa.Detect());
        using NativeRowDots rowDots = new([], CpuIsa.Detect());
        new KernelChoice(new Quantizations(PackedWeight.Type("gptq4")), ActivationPrecision.Fast, CpuIsa.Detect(), tiles, rowDots, said, new Transcoder(team, _arena)).Choose(new TranscodedNode(), weight.Tensor);
        Assert.EndsWith($"; not written anew: groups of {group} columns", Assert.Single(said), StringComparison.Ordinal);
    }

    /// <summary>A type that says its values are of four bits, or its groups larger than they are.</summary>
    [Fact]
    public void What_does_not_fit_is_given_back()
    {
        WeightTensor Tensor(int columns) => new() { Name = "w", Shape = [16, columns], Quantization = "x", Parts = [], Parameters = new Dictionary<string, string> { ["group"] = "64" } };
        using InlineWorkTeam team = new(1);
        Transcoder transcoder = new(team, _arena);
        foreach (GroupedType type in (GroupedType[])[new() { MaxValue = 15, Value = place => place == 900 ? 16 : 3 }, new() { MaxValue = 15, Group = place => (place == 9 ? 2 : 1, 4) }, new() { MaxValue = 15, Group = place => (1, place == 9 ? 5 : 4) }])
            Assert.Null(transcoder.TryRows(Tensor(128), new AffineSource(Tensor(128), type)));
        Assert.Null(transcoder.TryRows(Tensor(128), new AffineSource(Tensor(128), new GroupedType { MaxValue = 16 })));
        Assert.Equal((0, 0L, 0L), (transcoder.Count, transcoder.Bytes, _arena.Bytes));
        Assert.NotNull(transcoder.TryRows(Tensor(128), new AffineSource(Tensor(128), new GroupedType { MaxValue = 15, Value = _ => 15, Group = _ => (1, 4) })));
    }

    /// <summary>The choice says so; without the option words are read as they stand.</summary>
    [Theory]
    [InlineData("gptq4", true, " in the order of the groups")]
    [InlineData("gptq4", false, "")]
    [InlineData("awq4", false, "")]
    public void A_weight_is_written_anew_where_that_is_asked_for(string id, bool scattered, string order)
    {
        Assert.SkipUnless(CpuIsa.Detect().Avx2, "no AVX2 here");
        int[]? index = scattered ? [.. Enumerable.Range(0, 256).Select(i => i * 5 % 256 / 128)] : null;
        using PackedWeight weight = new(id, 16, 256, 128, index);
        IQuantization type = PackedWeight.Type(id);
        using InlineWorkTeam team = new(1);
        List<string> said = [];
        using NativeTiles tiles = new([], CpuIsa.Detect());
        using NativeRowDots rowDots = new([], CpuIsa.Detect());
        LinearKernel Choose(Transcoder? transcoder) => new KernelChoice(new Quantizations(type), ActivationPrecision.Fast, CpuIsa.Detect(), tiles, rowDots, said, transcoder).Choose(new TranscodedNode(), weight.Tensor);
        Choose(null);
        Assert.StartsWith($"w [16, 256] {id}: own kernel (", said[^1], StringComparison.Ordinal);
        Assert.Equal(RowNibbles.Id, Choose(new Transcoder(team, _arena)).Weight.Quantization);
        Assert.StartsWith($"w [16, 256] {id}: written anew at load as rows of nibbles, own kernel (", said[^1], StringComparison.Ordinal);
        Assert.EndsWith($", activations int8 by 32{order}", said[^1], StringComparison.Ordinal);
    }

    /// <summary>Experts share their prepared rows: all are written, or, where one has its columns in an order of its own, none.</summary>
    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 0)]
    public void Experts_are_written_where_all_have_one_order(bool alike, int count)
    {
        Assert.SkipUnless(CpuIsa.Detect().Avx2, "no AVX2 here");
        int[] one = [.. Enumerable.Range(0, 256).Select(i => i * 5 % 256 / 128)], other = [.. Enumerable.Range(0, 256).Select(i => i * 7 % 256 / 128)];
        using PackedWeight first = new("gptq4", 16, 256, 128, one), second = new("gptq4", 16, 256, 128, alike ? one : other);
        WeightTensor stack = new() { Name = "stack", Shape = [2, 16, 256], Quantization = "gptq4", Parts = [.. first.Tensor.Parts, .. second.Tensor.Parts], Stack = [first.Tensor, second.Tensor] };
        MixtureOfExpertsNode node = new("experts", new GraphValue(1, "x", 256), new GraphValue(2, "router", 2), new GraphValue(3, "out", 256), stack, stack, stack, new ExpertRouting(1, ExpertScoring.Softmax), Activation.Silu);
        using InlineWorkTeam team = new(1);
        using NativeTiles tiles = new([], CpuIsa.Detect());
        using NativeRowDots rowDots = new([], CpuIsa.Detect());
        Transcoder transcoder = new(team, _arena);
        List<string> said = [];
        LinearKernel kernel = new KernelChoice(new Quantizations(PackedWeight.Type("gptq4")), ActivationPrecision.Fast, CpuIsa.Detect(), tiles, rowDots, said, transcoder).Choose(node, stack);
        Assert.IsType<StackedLinear>(kernel);
        Assert.Equal((count, count > 0), (transcoder.Count, _arena.Bytes > 0));
    }

    private sealed class Quantizations(IQuantization type) : IQuantizationRegistry
    {
        public IQuantization? Find(string id) => id == type.Id ? type : null;
    }

    private sealed record TranscodedNode() : GraphNode("product", new GraphValue(1, "out", 16))
    {
        public override string Operation => Operations.Linear;

        public override int Revision => 1;

        public override IReadOnlyList<GraphValue> Inputs => [];
    }
}
