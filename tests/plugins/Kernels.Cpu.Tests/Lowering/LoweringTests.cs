using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Lowering;

public class LoweringTests
{
    private const double Tolerance = 1e-5;

    private sealed record UnknownNode(GraphValue Input, GraphValue Output) : GraphNode("blk.0.odd", Output)
    {
        public override string Operation => "convolution";
        public override int Revision => 3;
        public override IReadOnlyList<GraphValue> Inputs => [Input];
    }

    private sealed record NewerNode(GraphValue Input, GraphValue Output) : GraphNode("blk.0.newer", Output)
    {
        public override string Operation => Abstractions.Graphs.Operations.Add;
        public override int Revision => 2;
        public override IReadOnlyList<GraphValue> Inputs => [Input];
    }

    [Fact]
    public void Operations_and_revisions_that_are_not_known_are_refused_by_name()
    {
        using RandomModel model = new(new ModelShape());
        Assert.Equal("cpu: node 'blk.0.odd' needs operation 'convolution' revision 3; this backend knows no such operation", Refusal(model, nodes => [.. nodes, new UnknownNode(nodes[0].Output, new(900, "odd", 64))]));
        Assert.Equal("cpu: node 'blk.0.newer' needs operation 'add' revision 2; this backend knows it up to revision 1", Refusal(model, nodes => [.. nodes, new NewerNode(nodes[0].Output, new(900, "newer", 64))]));
    }

    [Fact]
    public void Widths_that_do_not_fit_are_refused_by_name()
    {
        using RandomModel model = new(new ModelShape());
        Assert.Equal("cpu: node 'blk.0.attn_norm', input width: expected 60, found 64", Refusal(model, nodes => [.. nodes.Select(n => n is RmsNormNode { Name: "blk.0.attn_norm" } r ? r with { Output = r.Output with { Width = 60 } } : n)]));
        Assert.Equal("cpu: node 'blk.0.attn_q', rows of tensor 'blk.0.attn_q.weight': expected 32, found 64", Refusal(model, nodes => [.. nodes.Select(n => n is LinearNode { Name: "blk.0.attn_q" } l ? l with { Output = l.Output with { Width = 32 } } : n)]));
        Assert.Equal("cpu: node 'blk.0.attn': the graph has no cache 'nowhere'", Refusal(model, nodes => [.. nodes.Select(n => n is AttentionNode { Name: "blk.0.attn" } a ? a with { Cache = "nowhere" } : n)]));
    }

    [Fact]
    public void A_type_that_no_plugin_provides_is_refused_by_name()
    {
        using RandomModel model = new(new ModelShape { Type = "q8_0" });
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => new Session(model.Graph, new QuantizationRegistry(new F32())));
        Assert.Contains("token_embd.weight", error.Message, StringComparison.Ordinal);
        Assert.Contains("'q8_0'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_is_read_before_it_is_made_is_refused() =>
        WithModel(model => Assert.Contains("before a node makes it", Refusal(model, nodes => [.. nodes.Skip(1)]), StringComparison.Ordinal));

    [Fact]
    public void Every_matrix_is_explained()
    {
        using RandomModel model = new(new ModelShape { Type = "q4_1" });
        using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast));
        IReadOnlyList<string> lines = session.Runtime.Explain();
        foreach (WeightTensor weight in model.Graph.Nodes.OfType<LinearNode>().Select(n => n.Weight))
            Assert.Single(lines, l => l.StartsWith($"{weight.Name} {weight.ShapeText} q4_1: own kernel (", StringComparison.Ordinal));
        Assert.Single(lines, l => l.StartsWith("blk.1.attn: paged attention, 4 heads over 2 of 16, f32 cache", StringComparison.Ordinal));
    }

    [Fact]
    public void A_graph_that_cannot_be_fused_is_still_right() => WithModel(model =>
    {
        // Everything gets a reader that the fusions do not expect: a norm, a gate and a rotation that a sum reads, a stream that is read again after its sum,
        // a sum whose sides are both products, a bare sum, and the stream before the last layer as the hidden state's other half.
        List<GraphNode> nodes = [.. model.Graph.Nodes];
        int id = 1000;
        GraphValue Value(string name, int width) => new(id++, name, width);
        GraphNode Named(string name) => nodes.Single(n => n.Name == name);
        AddNode last = (AddNode)Named("blk.1.ffn_add");
        GraphValue a = Value("a", 64), b = Value("b", 64), c = Value("c", 64), d = Value("d", 64), e = Value("e", 64), f = Value("f", 64);
        LinearNode q = (LinearNode)Named("blk.1.attn_q");
        int at = nodes.IndexOf(last) + 1;
        nodes.InsertRange(at,
        [
            new AddNode("x.norm_sum", Named("blk.1.ffn_norm").Output, Named("blk.0.attn_norm").Output, a),
            new AddNode("x.rope_sum", Named("blk.1.rope_q").Output, a, b),
            new LinearNode("x.again", Named("blk.0.attn_add").Output, c, q.Weight),
            new LinearNode("x.twin", b, d, q.Weight),
            new AddNode("x.products", c, d, e),
            new AddNode("x.late", e, last.Output, f),
        ]);
        nodes[^2] = ((RmsNormNode)nodes[^2]) with { Input = f };
        ModelGraph graph = With(model.Graph, nodes);
        int[] tokens = model.Tokens(21);
        using Session reference = new(graph, model.Registry, backend: new ReferenceBackend());
        using Session cpu = new(graph, model.Registry, lanes: 2);
        float[][] expected = reference.Feed(0, tokens, 21);
        float[][] found = [.. cpu.Feed(0, tokens.AsSpan(0, 19), 19), .. cpu.Feed(0, tokens.AsSpan(19), 1)];
        Assert.InRange(Difference.Relative(expected, found).Largest, 0, Tolerance);
        Assert.Contains("blk.1.ffn_norm: rms_norm, stored", cpu.Runtime.Explain());
        Assert.Contains("blk.1.rope_q: rope, stored", cpu.Runtime.Explain());
    });

    private static void WithModel(Action<RandomModel> test)
    {
        using RandomModel model = new(new ModelShape());
        test(model);
    }

    private static string Refusal(RandomModel model, Func<IReadOnlyList<GraphNode>, IReadOnlyList<GraphNode>> change) =>
        Assert.Throws<UnsupportedModelException>(() => new Session(With(model.Graph, change(model.Graph.Nodes)), model.Registry)).Message;

    private static ModelGraph With(ModelGraph graph, IReadOnlyList<GraphNode> nodes) =>
        new() { Nodes = nodes, CacheGroups = graph.CacheGroups, VocabularySize = graph.VocabularySize, Hidden = graph.Hidden, Logits = graph.Logits };
}
