using Tessera.Conformance.Checks;
using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Checks;

/// <summary>The check must agree with a right backend and find, and place, each kind of wrong one.</summary>
public sealed class BackendCheckTests
{
    public static TheoryData<CheckShape> Shapes => new(
        new CheckShape(),
        new CheckShape { Pairing = RopePairing.Halves, KeyHeads = 4, RotatingLength = 8, RopeMagnitude = 1.2f },
        new CheckShape { TiedEmbeddings = false, Biases = true, KeyHeads = 1, Seed = 5 },
        new CheckShape { Window = 6, BlockTokens = 4, Layers = 3 });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_reference_agrees_with_itself(CheckShape shape)
    {
        CheckReport report = BackendCheck.Compare(new ReferenceBackend(), shape);
        Assert.Equal((0, 0), (report.MaxAbsolute, report.MaxRelative));
        Assert.True(report.Outputs > 30);
    }

    [Theory]
    [InlineData("pairing", "blk.0.rope_q")]
    [InlineData("magnitude", "blk.0.rope_q")]
    [InlineData("epsilon", "blk.0.attn_norm")]
    [InlineData("scale", "blk.0.attn")]
    [InlineData("window", "blk.1.attn")]
    [InlineData("bias", "blk.0.attn_q")]
    [InlineData("gate", "blk.0.ffn_act")]
    public void A_wrong_operation_is_found_and_placed(string mistake, string node)
    {
        CheckShape shape = new() { Window = 6, Biases = true };
        WrongBackend wrong = new(graph => Spoil(graph, mistake));
        Assert.True(BackendCheck.Compare(wrong, shape).MaxRelative > 1e-4);
        Assert.StartsWith($"node '{node}'", BackendCheck.Locate(wrong, shape, 1e-4), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("copies", "a fork with block copies")]
    [InlineData("positions", "positions that are not the cache indices")]
    [InlineData("tables", "a decode row beside a later chunk")]
    public void A_wrong_reading_of_the_batch_is_found(string mistake, string step)
    {
        WrongBackend wrong = new(graph => graph, mistake);
        CheckReport report = BackendCheck.Compare(wrong, new CheckShape());
        Assert.True(report.MaxRelative > 1e-3, report.Worst);
        Assert.True(wrong.FirstSpoiled == step, $"expected '{step}', found '{wrong.FirstSpoiled}'");
    }

    [Fact]
    public void Locate_says_when_all_is_well() =>
        Assert.Equal("every node is within 0", BackendCheck.Locate(new ReferenceBackend(), new CheckShape { Layers = 1 }, 0));

    [Fact]
    public void A_shape_that_does_not_fit_the_block_size_is_refused() =>
        Assert.Throws<ArgumentException>(() => BackendCheck.Compare(new ReferenceBackend(), new CheckShape { Quantization = "q4_k" }));

    private static ModelGraph Spoil(ModelGraph graph, string mistake) => new()
    {
        Nodes = [.. graph.Nodes.Select(n => (mistake, n) switch
        {
            ("pairing", RopeNode r) => r with { Table = r.Table with { Pairing = RopePairing.Halves } },
            ("magnitude", RopeNode r) => r with { Table = r.Table with { Magnitude = 1.01f } },
            ("epsilon", RmsNormNode r) => r with { Epsilon = 0.01f },
            ("scale", AttentionNode a) => a with { Scale = a.Scale * 1.01f },
            ("bias", LinearNode l) => l with { Bias = null },
            ("gate", GatedActivationNode g) => g with { Gate = g.Up, Up = g.Gate },
            _ => n,
        })],
        CacheGroups = [.. graph.CacheGroups.Select(g => mistake == "window" && g.Kind == CacheKind.Window ? g with { Window = g.Window - 1 } : g)],
        VocabularySize = graph.VocabularySize,
        Hidden = graph.Hidden,
        Logits = graph.Logits,
    };
}
