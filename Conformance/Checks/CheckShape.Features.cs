namespace Tessera.Conformance.Checks;

/// <summary>What the model families differ in; by default none of it is there.</summary>
public sealed partial record CheckShape
{
    /// <summary>The longest planned length that rotates by the table's own frequencies, where a shape has rotations by length.</summary>
    public const int OriginalContext = 30;

    /// <summary>The norms of the stream.</summary>
    public CheckNorm Norm { get; init; }

    /// <summary>The norm of queries and keys before they rotate.</summary>
    public CheckHeadNorm HeadNorm { get; init; }

    /// <summary>Whether the outputs of attention and feed-forward are normalized before they are added.</summary>
    public bool PostNorms { get; init; }

    /// <summary>Whether attention and feed-forward read the same norm, and are both added to the stream before it.</summary>
    public bool ParallelResidual { get; init; }

    /// <summary>Whether queries, keys and values are parts of one projection, and gate and up of another.</summary>
    public bool FusedProjections { get; init; }

    /// <summary>A factor on the embedding.</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>A factor on what attention and feed-forward add to the stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>The soft cap of attention's scores; 0: none.</summary>
    public float AttentionSoftCap { get; init; }

    /// <summary>Whether attention has sinks.</summary>
    public bool Sinks { get; init; }

    /// <summary>The first element of a head that rotates.</summary>
    public int RopeOffset { get; init; }

    /// <summary>Whether sequences planned for more than <see cref="OriginalContext"/> tokens have frequencies and a magnitude of their own.</summary>
    public bool LongRope { get; init; }

    /// <summary>Whether frequencies stretch with a planned length of more than <see cref="OriginalContext"/>.</summary>
    public bool RopeStretch { get; init; }

    /// <summary>Whether odd layers rotate by another base.</summary>
    public bool LocalRope { get; init; }

    /// <summary>Whether odd layers do not rotate.</summary>
    public bool SkipRope { get; init; }

    /// <summary>Whether attention goes through a latent space, and how.</summary>
    public CheckLatent Latent { get; init; }

    /// <summary>Whether the feed-forward is a plain one: up, nonlinearity, down.</summary>
    public bool PlainFeedForward { get; init; }

    /// <summary>The nonlinearity of the feed-forward.</summary>
    public Activation Activation { get; init; }

    /// <summary>The limit of <see cref="Activation.ClampedSwiGlu"/>.</summary>
    public float ActivationLimit { get; init; } = 0.7f;

    /// <summary>Experts instead of one feed-forward; null: none.</summary>
    public CheckExperts? Experts { get; init; }

    /// <summary>Whether rows see all rows of their sequence, without a cache; the odd layers those within <see cref="Window"/>, where it is set.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Whether positions have an embedding, whose first rows no position has, and nothing rotates.</summary>
    public bool LearnedPositions { get; init; }

    /// <summary>Token types that have an embedding; 0: none.</summary>
    public int TokenTypes { get; init; }

    /// <summary>Whether the embedding is normalized.</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>Whether sums of the stream are normalized, and not what attention and feed-forward read.</summary>
    public bool SumNorms { get; init; }

    /// <summary>How a sequence becomes one vector.</summary>
    public PoolingKind Pooling { get; init; }

    /// <summary>Whether scores are made of the vector: a product, the nonlinearity, a norm and another product.</summary>
    public bool PoolHead { get; init; }

    /// <summary>The nonlinearity of <see cref="PoolHead"/>.</summary>
    public Activation PoolActivation { get; init; } = Activation.Tanh;

    /// <summary>Whether there are no logits.</summary>
    public bool Headless { get; init; }

    /// <summary>Whether the head has a bias.</summary>
    public bool HeadBias { get; init; }

    /// <summary>A factor on the logits.</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>The soft cap of the logits; 0: none.</summary>
    public float LogitSoftCap { get; init; }
}

/// <summary>A kind of norm.</summary>
public enum CheckNorm
{
    /// <summary>By the root of the mean square.</summary>
    Rms,
    /// <summary>The same with weights stored less 1.</summary>
    RmsOffset,
    /// <summary>By mean and variance.</summary>
    Layer,
    /// <summary>The same with a bias.</summary>
    LayerBias,
}

/// <summary>The norm of queries and keys.</summary>
public enum CheckHeadNorm
{
    /// <summary>None.</summary>
    None,
    /// <summary>Each head by its own mean square; all heads have the same weights.</summary>
    Shared,
    /// <summary>Each head by its own mean square; each has weights of its own, stored less 1.</summary>
    Own,
    /// <summary>The whole row by one mean square.</summary>
    Row,
    /// <summary>Each head by its own mean and variance; each has weights of its own.</summary>
    Layer,
}

/// <summary>The forms of latent attention (arXiv 2405.04434).</summary>
public enum CheckLatent
{
    /// <summary>Plain attention.</summary>
    None,
    /// <summary>The cache holds latents; queries are brought into the latent space and values out of it.</summary>
    Absorbed,
    /// <summary>Keys and values are brought out of the latent space before they are cached.</summary>
    Expanded,
}

/// <summary>A mixture of experts.</summary>
/// <param name="Count">Experts.</param>
/// <param name="Routing">How they are chosen.</param>
public sealed record CheckExperts(int Count, ExpertRouting Routing)
{
    /// <summary>The inner width of an expert; 0: the feed-forward's.</summary>
    public int Inner { get; init; }

    /// <summary>Whether the router and the experts' products have biases.</summary>
    public bool Biases { get; init; }

    /// <summary>How gate and up are stored.</summary>
    public GateUpRows Rows { get; init; }

    /// <summary>Whether each expert's matrices are tensors of their own.</summary>
    public bool Stacked { get; init; }

    /// <summary>Whether experts are chosen with a bias.</summary>
    public bool SelectionBias { get; init; }

    /// <summary>Whether a feed-forward that all rows take is added.</summary>
    public bool Shared { get; init; }
}
