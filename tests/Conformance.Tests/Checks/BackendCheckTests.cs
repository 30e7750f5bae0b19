using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Checks;

/// <summary>The check must agree with a right backend and find, and place, each kind of wrong one.</summary>
public sealed class BackendCheckTests
{
    public static TheoryData<string> Shapes => [.. CheckShapes.All.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_reference_agrees_with_itself(string shape)
    {
        CheckReport report = BackendCheck.Compare(new ReferenceBackend(), CheckShapes.All[shape]);
        Assert.Equal((0, 0), (report.MaxAbsolute, report.MaxRelative));
        Assert.True(report.Outputs > 30);
    }

    [Fact]
    public void The_shapes_meet_every_operation_in_its_highest_revision()
    {
        Dictionary<string, int> met = [];
        foreach (CheckShape shape in CheckShapes.All.Values)
        {
            using CheckModel model = new(shape, new QuantizationRegistry(new F32()));
            foreach (GraphNode node in model.Graph.Nodes)
                met[node.Operation] = Math.Max(node.Revision, met.GetValueOrDefault(node.Operation));
        }
        Assert.Equal(new ReferenceBackend().Operations.OrderBy(o => o.Key), met.OrderBy(o => o.Key));
    }

    // Each attribute of each operation, left out or changed: the check must see it, and in the right node.
    [Theory]
    [InlineData("norm offset", "blk.0.attn_norm")]
    [InlineData("norm groups", "blk.0.attn_q_norm")]
    [InlineData("embedding scale", "token_embd_scale")]
    [InlineData("slice offset", "blk.0.attn_k_part")]
    [InlineData("rope offset", "blk.0.rope_q")]
    [InlineData("long frequencies", "blk.0.rope_q")]
    [InlineData("long magnitude", "blk.0.rope_q")]
    [InlineData("long limit", "blk.0.rope_q")]
    [InlineData("attention cap", "blk.0.attn")]
    [InlineData("sinks", "blk.0.attn")]
    [InlineData("gate limit", "blk.0.ffn_exps")]
    [InlineData("expert activation", "blk.0.ffn_exps")]
    [InlineData("expert gate bias", "blk.0.ffn_exps")]
    [InlineData("expert up bias", "blk.0.ffn_exps")]
    [InlineData("expert down bias", "blk.0.ffn_exps")]
    [InlineData("expert selection bias", "blk.0.ffn_exps")]
    [InlineData("expert scoring", "blk.0.ffn_exps")]
    [InlineData("expert normalization", "blk.0.ffn_exps")]
    [InlineData("expert scale", "blk.0.ffn_exps")]
    [InlineData("expert groups", "blk.0.ffn_exps")]
    [InlineData("expert group scoring", "blk.0.ffn_exps")]
    [InlineData("expert count", "blk.0.ffn_exps")]
    [InlineData("head bias", "output")]
    [InlineData("head scale", "output")]
    [InlineData("head cap", "output")]
    public void An_attribute_that_is_ignored_is_found_and_placed(string mistake, string node) => FoundAndPlaced("everything at once", mistake, node);

    [Theory]
    [InlineData("layer norm bias", "blk.0.attn_norm")]
    [InlineData("layer norm groups", "blk.0.attn_q_norm")]
    [InlineData("stretch", "blk.0.rope_q")]
    [InlineData("stretch factor", "blk.0.rope_q")]
    [InlineData("gelu", "blk.0.ffn_act")]
    public void An_attribute_that_is_ignored_is_found_in_another_model(string mistake, string node) => FoundAndPlaced("layer norms of stream and heads, stretched rope", mistake, node);

    [Theory]
    [InlineData("concat", "blk.0.k", "latent attention, absorbed")]
    [InlineData("slice groups", "blk.0.q_plain", "latent attention, absorbed")]
    [InlineData("head linear", "blk.0.attn_k_b", "latent attention, absorbed")]
    [InlineData("concat groups", "blk.0.q", "latent attention, expanded")]
    public void A_latent_attention_that_is_wrong_is_found(string mistake, string node, string shape) => FoundAndPlaced(shape, mistake, node);

    [Fact]
    public void Planned_lengths_that_are_ignored_are_found()
    {
        WrongBackend wrong = new(graph => graph, "planned");
        CheckReport report = BackendCheck.Compare(wrong, CheckShapes.All["long rope"]);
        Assert.True(report.MaxRelative > 1e-3, report.Worst);
    }

    private static void FoundAndPlaced(string name, string mistake, string node)
    {
        CheckShape shape = CheckShapes.All[name];
        WrongBackend wrong = new(graph => Spoil(graph, mistake));
        Assert.True(BackendCheck.Compare(wrong, shape).MaxRelative > 1e-4);
        Assert.StartsWith($"node '{node}' ", BackendCheck.Locate(wrong, shape, 1e-4), StringComparison.Ordinal);
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
            ("norm offset", RmsNormNode r) => r with { WeightIsOffset = false },
            ("norm groups", RmsNormNode r) => r with { Groups = 1 },
            ("embedding scale", ScaleNode s) => s with { Factor = 1 },
            ("slice offset", SliceNode { Offset: > 0 } s) => s with { Offset = s.Offset - 1 },
            ("slice groups", SliceNode s) => s with { Groups = 1 },
            ("rope offset", RopeNode r) => r with { Offset = 0 },
            ("long frequencies", RopeNode r) => r with { Table = r.Table with { Long = r.Table.Long! with { Frequencies = r.Table.Frequencies } } },
            ("long magnitude", RopeNode r) => r with { Table = r.Table with { Long = r.Table.Long! with { Magnitude = r.Table.Magnitude } } },
            ("long limit", RopeNode r) => r with { Table = r.Table with { Long = r.Table.Long! with { AboveTokens = CheckShape.OriginalContext - 1 } } },
            ("stretch", RopeNode r) => r with { Table = r.Table with { Stretch = null } },
            ("stretch factor", RopeNode r) => r with { Table = r.Table with { Stretch = r.Table.Stretch! with { Factor = 1 } } },
            ("attention cap", AttentionNode a) => a with { SoftCap = 0 },
            ("sinks", AttentionNode a) => a with { Sinks = null },
            ("gate limit", MixtureOfExpertsNode m) => m with { Limit = 3 },
            ("expert activation", MixtureOfExpertsNode m) => m with { Activation = Activation.Silu },
            ("expert gate bias", MixtureOfExpertsNode m) => m with { GateBias = null },
            ("expert up bias", MixtureOfExpertsNode m) => m with { UpBias = null },
            ("expert down bias", MixtureOfExpertsNode m) => m with { DownBias = null },
            ("expert selection bias", MixtureOfExpertsNode m) => m with { SelectionBias = null },
            ("expert scoring", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { Scoring = ExpertScoring.Softmax } },
            ("expert normalization", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { Normalize = false } },
            ("expert scale", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { Scale = 1 } },
            ("expert groups", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { Groups = 1, GroupsUsed = 1 } },
            ("expert group scoring", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { GroupScoring = GroupScoring.Best } },
            ("expert count", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { Used = 2 } },
            ("head bias", LmHeadNode h) => h with { Bias = null },
            ("head scale", LmHeadNode h) => h with { Scale = 1 },
            ("head cap", LmHeadNode h) => h with { SoftCap = 0 },
            ("layer norm bias", LayerNormNode l) => l with { Bias = null },
            ("layer norm groups", LayerNormNode l) => l with { Groups = 1 },
            ("gelu", ActivationNode a) => a with { Activation = Activation.GeluTanh },
            ("concat", ConcatNode { Groups: 1 } c) => c with { A = c.B, B = c.A },
            ("concat groups", ConcatNode { BIsShared: false } c) => c with { Groups = 1 },
            ("head linear", HeadLinearNode h) => h with { Input = graph.Nodes.OfType<RopeNode>().Select(r => r.Output).LastOrDefault(o => o.Width == h.Input.Width && o.Id < h.Output.Id) ?? h.Input },
            _ => n,
        })],
        CacheGroups = [.. graph.CacheGroups.Select(g => mistake == "window" && g.Kind == CacheKind.Window ? g with { Window = g.Window - 1 } : g)],
        VocabularySize = graph.VocabularySize,
        Hidden = graph.Hidden,
        Logits = graph.Logits,
    };
}
