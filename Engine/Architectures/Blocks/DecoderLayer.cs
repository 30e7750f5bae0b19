using Tessera.Engine.Graphs;

namespace Tessera.Engine.Architectures.Blocks;

/// <summary>One layer's blocks. A name is the tensor's without layer and suffix, such as <c>attn_norm</c>, and the node's.</summary>
internal sealed class DecoderLayer(Decoder decoder, int index, int window)
{
    private readonly string _prefix = $"blk.{index}.";

    /// <summary>The layer's attention.</summary>
    public AttentionShape Shape { get; } = decoder.Shapes[index];

    private GraphBuilder Graph => decoder.Graph;

    private ModelMetadata Metadata => decoder.Metadata;

    private long Inner => Hyperparameters.OfLayer(Metadata, "feed_forward_length", Metadata.FeedForwardLength, index);

    /// <summary>A tensor's full name.</summary>
    public string Name(string name) => _prefix + name;

    /// <summary>Whether the model has this tensor.</summary>
    public bool Has(string name) => Graph.Has(Name(name));

    /// <summary>An RMS norm of the row.</summary>
    public GraphValue RmsNorm(string name, GraphValue x) =>
        Graph.RmsNorm(Name(name), x, Graph.Weight(Name($"{name}.weight"), x.Width), Metadata.NormEpsilon);

    /// <summary>A layer norm of the row, with a bias where the file has one.</summary>
    public GraphValue LayerNorm(string name, GraphValue x) =>
        Graph.LayerNorm(Name(name), x, Graph.Weight(Name($"{name}.weight"), x.Width), decoder.Bias(Name(name), x.Width), Metadata.NormEpsilon);

    /// <summary>RMS norms of each query and key head, by one weight for all heads.</summary>
    public Qkv RmsNormHeads(Qkv a) => a with { Query = Norm("attn_q_norm", a.Query, Shape.Heads), Key = Norm("attn_k_norm", a.Key, Shape.KeyHeads) };

    /// <summary>Layer norms of each query and key head, by a weight of each head's own, for those of the two that the file has.</summary>
    public Qkv LayerNormHeads(Qkv a) => a with { Query = NormEach("attn_q_norm", a.Query, Shape.Heads), Key = NormEach("attn_k_norm", a.Key, Shape.KeyHeads) };

    /// <summary>A product with a matrix of so many rows, with a bias where the file has one.</summary>
    public GraphValue Linear(string name, GraphValue x, long rows) =>
        Graph.Linear(Name(name), x, Graph.Weight(Name($"{name}.weight"), rows, x.Width), decoder.Bias(Name(name), rows));

    /// <summary>Queries, keys and values, from three matrices or from a fused one (<c>attn_qkv</c>); with biases where the file has them.</summary>
    public Qkv Project(GraphValue x)
    {
        if (!Has("attn_qkv.weight"))
            return new Qkv(Linear("attn_q", x, Shape.QueryWidth), Linear("attn_k", x, Shape.KeyWidth), Linear("attn_v", x, Shape.ValueWidth));
        GraphValue fused = Linear("attn_qkv", x, Shape.QueryWidth + Shape.KeyWidth + Shape.ValueWidth);
        return new Qkv(
            Graph.Slice(Name("attn_q"), fused, 1, 0, Shape.QueryWidth),
            Graph.Slice(Name("attn_k"), fused, 1, Shape.QueryWidth, Shape.KeyWidth),
            Graph.Slice(Name("attn_v"), fused, 1, Shape.QueryWidth + Shape.KeyWidth, Shape.ValueWidth));
    }

    /// <summary>Queries and keys, rotated.</summary>
    public Qkv Rotate(Qkv a, RopeTable rope) => a with
    {
        Query = Graph.Rope(Name("rope_q"), a.Query, Shape.Heads, rope),
        Key = Graph.Rope(Name("rope_k"), a.Key, Shape.KeyHeads, rope),
    };

    /// <summary>Attention over a cache of the layer's own.</summary>
    /// <param name="a">Queries, keys and values.</param>
    /// <param name="scale">What query · key is multiplied with; null: as the shape says.</param>
    /// <param name="softCap">The scores' soft cap; 0: none.</param>
    /// <param name="sinks">A score for each head that takes part in its softmax, or null.</param>
    public GraphValue Attend(Qkv a, float? scale = null, float softCap = 0, WeightTensor? sinks = null) =>
        Attend(a, Cache(Shape.KeyHeads, Shape.KeyLength, Shape.ValueLength), scale ?? Shape.Scale, softCap, sinks);

    /// <summary>Attention over a given cache, at a given scale.</summary>
    public GraphValue Attend(Qkv a, CacheSpec cache, float scale, float softCap = 0, WeightTensor? sinks = null) =>
        Graph.Attention(Name("attn"), a.Query, a.Key, a.Value, cache, Shape.Heads, scale, softCap, sinks);

    /// <summary>Attention among all rows of a sequence, or those at most so many tokens away; without a cache.</summary>
    public GraphValue AttendBothWays(Qkv a, int reach = 0) => Graph.BidirectionalAttention(Name("attn"), a.Query, a.Key, a.Value, Shape, reach);

    /// <summary>The product of what attention gave with <c>attn_output</c>.</summary>
    public GraphValue AttentionOutput(GraphValue x) => Linear("attn_output", x, decoder.Width);

    /// <summary>A cache of the layer's own, in the group of its window.</summary>
    public CacheSpec Cache(int heads, int keyLength, int valueLength) =>
        decoder.Caches.Add(new CacheSpec($"blk.{index}", heads, keyLength, valueLength), window);

    /// <summary>down · (activation(gate · x) · (up · x)); gate and up from two matrices.</summary>
    public GraphValue GatedFeedForward(GraphValue x, Activation activation) =>
        Down(Graph.Gated(Name("ffn_act"), Linear("ffn_gate", x, Inner), Linear("ffn_up", x, Inner), activation));

    /// <summary>down · (activation(gate · x) · (up · x)); gate and up fused in <c>ffn_up</c>, the gate's rows first.</summary>
    public GraphValue FusedGatedFeedForward(GraphValue x, Activation activation)
    {
        GraphValue fused = Linear("ffn_up", x, 2 * Inner);
        GraphValue gate = Graph.Slice(Name("ffn_gate_part"), fused, 1, 0, Inner), up = Graph.Slice(Name("ffn_up_part"), fused, 1, Inner, Inner);
        return Down(Graph.Gated(Name("ffn_act"), gate, up, activation));
    }

    /// <summary>down · activation(up · x).</summary>
    public GraphValue FeedForward(GraphValue x, Activation activation) =>
        Down(Graph.Activate(Name("ffn_act"), Linear("ffn_up", x, Inner), activation));

    /// <summary>a + b.</summary>
    public GraphValue Add(string name, GraphValue a, GraphValue b) => Graph.Sum(Name(name), a, b);

    /// <summary>x · factor; x itself where the factor is 1.</summary>
    public GraphValue Scale(string name, GraphValue x, float factor) => Graph.Scale(Name(name), x, factor);

    private GraphValue Down(GraphValue x) => Linear("ffn_down", x, decoder.Width);

    private GraphValue Norm(string name, GraphValue x, int heads) =>
        Graph.RmsNorm(Name(name), x, Graph.Weight(Name($"{name}.weight"), x.Width / heads), Metadata.NormEpsilon, heads);

    private GraphValue NormEach(string name, GraphValue x, int heads) =>
        Graph.Optional(Name($"{name}.weight"), heads, x.Width / heads) is { } weight
            ? Graph.LayerNorm(Name(name), x, SmallTensors.Flat(weight), null, Metadata.NormEpsilon, heads)
            : x;
}
