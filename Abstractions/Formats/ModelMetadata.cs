namespace Tessera.Abstractions.Formats;

/// <summary>Hyperparameters of a model in canonical terms. A format fills what the file says; a number that is absent is 0, and the family's builder decides whether that is an error.</summary>
public sealed class ModelMetadata
{
    /// <summary>The architecture's name in GGUF's words, such as <c>llama</c> or <c>qwen3</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The model's own name, or null.</summary>
    public string? Name { get; init; }

    /// <summary>A sentence about the model, or null.</summary>
    public string? Description { get; init; }

    /// <summary>Values in the file that cannot be meant (out of range, of the wrong type), as texts that name the key, what was expected and what was found. A model with any is not run; its tensors can still be looked at.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The number of token ids; 0: as many as the tokenizer has.</summary>
    public int VocabularySize { get; init; }

    /// <summary>The longest context that the model was made for, in tokens.</summary>
    public int ContextLength { get; init; }

    /// <summary>The width of the residual stream.</summary>
    public int EmbeddingLength { get; init; }

    /// <summary>The number of layers.</summary>
    public int LayerCount { get; init; }

    /// <summary>The inner width of the feed-forward.</summary>
    public int FeedForwardLength { get; init; }

    /// <summary>The nonlinearity of the feed-forward; null: the family's own.</summary>
    public Graphs.Activation? Activation { get; init; }

    /// <summary>The epsilon of the normalizations.</summary>
    public float NormEpsilon { get; init; }

    /// <summary>True where norm weights are stored as w and mean 1 + w.</summary>
    public bool NormWeightsAreOffsets { get; init; }

    /// <summary>True where a tensor with the gate and up rows of experts has them by turns; else the gate's come first.</summary>
    public bool GateUpRowsAlternate { get; init; }

    /// <summary>The attention's shape.</summary>
    public AttentionMetadata Attention { get; init; } = new();

    /// <summary>The rotary position embedding.</summary>
    public RopeMetadata Rope { get; init; } = new();

    /// <summary>Whether the files hold no output matrix: the model makes hidden states and vectors of texts, and no logits.</summary>
    public bool IsHeadless { get; init; }

    /// <summary>How the model makes embeddings and scores of texts.</summary>
    public PoolingMetadata Pooling { get; init; } = new();

    /// <summary>Sampling settings that the model's maker recommends.</summary>
    public SamplingDefaults Sampling { get; init; } = new();

    /// <summary>Numbers that only one family knows, by canonical name: GGUF's key without the architecture in front, such as <c>expert_count</c>.</summary>
    public IReadOnlyDictionary<string, double> Extra { get; init; } = new Dictionary<string, double>();

    /// <summary>Lists of numbers that only one family knows (bools as 0 and 1), such as a value for each layer, by canonical name as in <see cref="Extra"/>.</summary>
    public IReadOnlyDictionary<string, double[]> ExtraLists { get; init; } = new Dictionary<string, double[]>();
}

/// <summary>The shape of a model's attention.</summary>
public sealed record AttentionMetadata
{
    /// <summary>Query heads.</summary>
    public int HeadCount { get; init; }

    /// <summary>Key and value heads; 0: as many as query heads.</summary>
    public int KeyValueHeadCount { get; init; }

    /// <summary>The width of a query or key head; 0: embedding / heads.</summary>
    public int KeyLength { get; init; }

    /// <summary>The width of a value head; 0: as the key.</summary>
    public int ValueLength { get; init; }

    /// <summary>The number of tokens that a sliding window sees; 0: no window.</summary>
    public int SlidingWindow { get; init; }

    /// <summary>What query · key is multiplied with; 0: 1/√(key length).</summary>
    public float Scale { get; init; }

    /// <summary>The soft cap of attention logits; 0: none.</summary>
    public float LogitSoftCap { get; init; }
}

/// <summary>Which elements of a head rotate together.</summary>
public enum RopePairing
{
    /// <summary>Neighbours: 2i and 2i + 1 (GGUF's Llama).</summary>
    Interleaved,
    /// <summary>Halves: i and i + d/2 (GPT-NeoX, Hugging Face).</summary>
    Halves,
}

/// <summary>How the rotary frequencies are stretched.</summary>
public enum RopeScaling
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>Positions divided by a factor.</summary>
    Linear,
    /// <summary>YaRN (arXiv 2309.00071).</summary>
    Yarn,
    /// <summary>Llama 3.1's smooth interpolation by wavelength.</summary>
    Llama3,
    /// <summary>Separate factors for each frequency, short and long (arXiv 2402.13753).</summary>
    LongRope,
    /// <summary>Dynamic NTK: a base that grows with the length of the sequence.</summary>
    Dynamic,
    /// <summary>A part of the pairs of a whole head rotates, by the frequencies that they have among all of them, divided by the factor; the rest stand still.</summary>
    Proportional,
}

/// <summary>The rotary position embedding (arXiv 2104.09864) and its scaling.</summary>
public sealed record RopeMetadata
{
    /// <summary>Which elements rotate together.</summary>
    public RopePairing Pairing { get; init; }

    /// <summary>The number of elements of a head that rotate; 0: all.</summary>
    public int Dimensions { get; init; }

    /// <summary>The base of the frequencies; 0: 10,000.</summary>
    public float Base { get; init; }

    /// <summary>LongRoPE: a divisor for each frequency of short sequences; empty: in a tensor <c>rope_factors_short.weight</c>.</summary>
    public IReadOnlyList<float> ShortFactors { get; init; } = [];

    /// <summary>LongRoPE: a divisor for each frequency of sequences that are planned for more than the original context; empty: in a tensor <c>rope_factors_long.weight</c>.</summary>
    public IReadOnlyList<float> LongFactors { get; init; } = [];

    /// <summary>The kind of scaling. Per-frequency factors in a tensor <c>rope_freqs.weight</c> apply in addition.</summary>
    public RopeScaling Scaling { get; init; }

    /// <summary>The scaling factor; 0: 1.</summary>
    public float Factor { get; init; }

    /// <summary>The context length before scaling; 0: the model's.</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>A factor on cos and sin, beside the one that YaRN implies; 0: 1.</summary>
    public float AttentionFactor { get; init; }

    /// <summary>YaRN: rotations above which a frequency is kept; 0: 32.</summary>
    public float BetaFast { get; init; }

    /// <summary>YaRN: rotations below which a frequency is interpolated; 0: 1.</summary>
    public float BetaSlow { get; init; }

    /// <summary>YaRN: the ramp between the two begins and ends between pairs; false: its ends are rounded outwards to whole pairs; null: as the family has it.</summary>
    public bool? FractionalRamp { get; init; }

    /// <summary>YaRN: how much of the extrapolated frequencies to mix in; 0: 1.</summary>
    public float ExtrapolationFactor { get; init; }

    /// <summary>Llama 3: the wavelength factor of the low frequencies; 0: 1.</summary>
    public float LowFrequencyFactor { get; init; }

    /// <summary>Llama 3: the wavelength factor of the high frequencies; 0: 4.</summary>
    public float HighFrequencyFactor { get; init; }
}

/// <summary>Sampling settings; null: not set.</summary>
public sealed record SamplingDefaults
{
    /// <summary>The temperature.</summary>
    public float? Temperature { get; init; }

    /// <summary>The number of best tokens that are kept.</summary>
    public int? TopK { get; init; }

    /// <summary>The probability mass that is kept.</summary>
    public float? TopP { get; init; }

    /// <summary>The least probability, relative to the best, that is kept.</summary>
    public float? MinP { get; init; }

    /// <summary>Locally typical sampling's mass.</summary>
    public float? TypicalP { get; init; }

    /// <summary>The divisor of repeated tokens' positive logits.</summary>
    public float? RepetitionPenalty { get; init; }
}
