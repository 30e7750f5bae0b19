using System.Globalization;
using Tessera.Engine.Graphs;

namespace Tessera.Engine.Architectures.Blocks;

/// <summary>What families have in common: checked numbers, the embedding, layers with their caches, the rotation, the head and the pool. A family's builder joins them.</summary>
internal sealed class Decoder
{
    // What old converters wrote and nobody reads.
    private const string Unread = ".attn_rot_embd";

    private readonly WeightTensor _embedding;

    /// <summary>Checks the numbers that all families have.</summary>
    /// <exception cref="ModelFormatException">A number or the embedding is missing or wrong; the text names it.</exception>
    public Decoder(ModelSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Metadata = source.Metadata;
        Hyperparameters.Require(Metadata);
        Shapes = [.. Enumerable.Range(0, LayerCount).Select(i => AttentionShape.Of(Metadata, i))];
        Graph = new GraphBuilder(source);
        VocabularySize = Vocabulary.Size(source);
        _embedding = Graph.Weight("token_embd.weight", VocabularySize, Width);
    }

    /// <summary>The model's numbers.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>Each layer's attention.</summary>
    public AttentionShape[] Shapes { get; }

    /// <summary>The graph so far.</summary>
    public GraphBuilder Graph { get; }

    /// <summary>The layers' caches so far.</summary>
    public CacheGroups Caches { get; } = new();

    /// <summary>The number of token ids.</summary>
    public long VocabularySize { get; }

    /// <summary>The width of the residual stream.</summary>
    public long Width => Metadata.EmbeddingLength;

    /// <summary>The number of layers; those after them, which only predict further tokens, are not run.</summary>
    public int LayerCount => Metadata.LayerCount - (int)Hyperparameters.Extra(Metadata, "nextn_predict_layers", 0, 0, Metadata.LayerCount - 1);

    /// <summary>Whether every projection and layer norm must have a bias; else it has one where the file has it.</summary>
    public bool NeedsBiases { get; init; }

    /// <summary>The nonlinearity of the feed-forward: the file's, or the family's own.</summary>
    public Activation Activation(Activation own) => Metadata.Activation ?? own;

    /// <summary>The tokens' embeddings, times a factor.</summary>
    public GraphValue Embed(float factor = 1) => Graph.Scale("token_embd_scale", Graph.Embed("token_embd", _embedding), factor);

    /// <summary>A layer whose attention sees all, or a window of so many tokens.</summary>
    public DecoderLayer Layer(int index, int window = 0) => new(this, index, window);

    /// <summary>Whether a layer's attention has a window: as the file's pattern says, else all layers but the last of each so many.</summary>
    public bool IsLocal(int layer, int period)
    {
        const string Key = "attention.sliding_window_pattern";
        if (Metadata.ExtraLists.ContainsKey(Key))
            return Hyperparameters.OfLayer(Metadata, Key, 0, layer) != 0;
        int said = (int)Hyperparameters.Extra(Metadata, Key, period, 0, int.MaxValue);
        return said == 0 || layer % said < said - 1;
    }

    /// <summary>The window of a layer where the file's pattern gives it one, else 0.</summary>
    public int WindowOf(int layer) => Metadata.Attention.SlidingWindow > 0 && IsLocal(layer, period: 1) ? Metadata.Attention.SlidingWindow : 0;

    /// <summary>The model's rotation, for heads of layer 0's length.</summary>
    public RopeTable Rope() => Rope(Metadata.Rope);

    /// <summary>A rotation other than the model's own, for heads of layer 0's length.</summary>
    /// <exception cref="ModelFormatException">Its dimensions do not fit the heads.</exception>
    public RopeTable Rope(RopeMetadata rope)
    {
        int head = Shapes[0].KeyLength;
        int rotating = rope.Dimensions == 0 ? head : rope.Dimensions;
        if (rotating < 2 || rotating > head || rotating % 2 != 0)
            throw Hyperparameters.Bad(Metadata, "rope.dimension_count", $"an even number from 2 to the head length {head}", rotating);
        if (rope.Scaling == RopeScaling.Proportional)
            rotating = head;
        float[] divisors = SmallTensors.Divisors(Graph, "rope_freqs.weight", rotating / 2);
        float[] ofShort = SmallTensors.Divisors(Graph, "rope_factors_short.weight", rotating / 2), ofLong = SmallTensors.Divisors(Graph, "rope_factors_long.weight", rotating / 2);
        if (ofLong.Length == 0 && ofShort.Length == 0)
            (ofShort, ofLong) = ([.. rope.ShortFactors], [.. rope.LongFactors]);
        if (ofShort.Length != ofLong.Length)
            throw new ModelFormatException($"{Metadata.Architecture}: tensor '{(ofShort.Length == 0 ? "rope_factors_short.weight" : "rope_factors_long.weight")}' is missing beside the other one");
        // Divisors for all lengths take precedence over those by length.
        return divisors.Length > 0 || ofLong.Length == 0
            ? RopeFrequencies.Build(rope, rotating, Metadata.ContextLength, divisors)
            : RopeFrequencies.Build(rope, rotating, Metadata.ContextLength, ofShort, ofLong);
    }

    /// <summary>The last RMS norm.</summary>
    public GraphValue RmsNorm(GraphValue x) => Graph.RmsNorm("output_norm", x, Graph.Weight("output_norm.weight", Width), Metadata.NormEpsilon);

    /// <summary>The last layer norm, with a bias where the file has one.</summary>
    public GraphValue LayerNorm(GraphValue x) =>
        Graph.LayerNorm("output_norm", x, Graph.Weight("output_norm.weight", Width), Bias("output_norm", Width), Metadata.NormEpsilon);

    /// <summary>The bias that goes with a weight, or null.</summary>
    /// <exception cref="ModelFormatException">It is needed and missing, or has another shape.</exception>
    public WeightTensor? Bias(string name, params ReadOnlySpan<long> shape) => NeedsBiases ? Graph.Weight($"{name}.bias", shape) : Graph.Optional($"{name}.bias", shape);

    /// <summary>The graph, with the head: a matrix of its own or, where the file has none, the embedding's.</summary>
    /// <param name="hidden">The state after the last norm.</param>
    /// <param name="scale">A factor on the logits.</param>
    /// <param name="softCap">The logits' soft cap; 0: none.</param>
    /// <exception cref="ModelFormatException">The file has more layers than it says.</exception>
    /// <exception cref="UnsupportedModelException">The file has a tensor that the family does not know, so that it would be computed wrongly.</exception>
    public ModelGraph Finish(GraphValue hidden, float scale = 1, float softCap = 0)
    {
        if (Hyperparameters.Extra(Metadata, "attention.causal", 1, 0, 1) == 0)
            throw new UnsupportedModelException($"{Metadata.Architecture}: attention that is not causal is not available for this family");
        WeightTensor head = Graph.Optional("output.weight", VocabularySize, Width) ?? _embedding;
        WeightTensor? bias = Graph.Optional("output.bias", VocabularySize);
        // A model that pools all rows makes vectors of whole texts, and generates nothing.
        bool isHeadless = Metadata.IsHeadless || Metadata.Pooling.Kind is PoolingKind.Mean or PoolingKind.First;
        GraphValue? logits = isHeadless ? null : Graph.LmHead("output", hidden, head, bias, scale, softCap);
        return Finish(hidden, logits, Pooling.Of(this, hidden));
    }

    /// <summary>The graph of an encoder: no head and, where the files say how, a pool.</summary>
    /// <param name="hidden">The state after the last layer.</param>
    /// <inheritdoc cref="Finish(GraphValue, float, float)"/>
    public ModelGraph FinishEncoder(GraphValue hidden)
    {
        if (Hyperparameters.Extra(Metadata, "attention.causal", 0, 0, 1) != 0)
            throw new UnsupportedModelException($"{Metadata.Architecture}: causal attention is not available for this family");
        return Finish(hidden, null, Pooling.Of(this, hidden));
    }

    private ModelGraph Finish(GraphValue hidden, GraphValue? logits, GraphValue? pooled)
    {
        WeightTensor[] unknown = [.. Graph.Unasked.Where(t => !IsIgnored(t.Name))];
        if (unknown.Any(t => LayerOf(t.Name) >= Metadata.LayerCount))
        {
            Graph.Check();
            throw Hyperparameters.Bad(Metadata, "block_count", "as many layers as the file has tensors for", Metadata.LayerCount);
        }
        Graph.Check(unknown);
        Hyperparameters.RequireNoProblems(Metadata);
        return new ModelGraph
        {
            Nodes = Graph.Nodes,
            CacheGroups = Caches.ToList(),
            VocabularySize = (int)VocabularySize,
            Hidden = hidden,
            Logits = logits,
            Pooled = pooled,
        };
    }

    private bool IsIgnored(string name) =>
        name.Contains(Unread, StringComparison.Ordinal) || (LayerOf(name) is int layer && layer >= LayerCount && layer < Metadata.LayerCount);

    private static int? LayerOf(string name) =>
        name.Split('.') is ["blk", { } index, ..] && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : null;
}
