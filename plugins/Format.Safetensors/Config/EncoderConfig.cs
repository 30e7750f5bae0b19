using Tessera.Format.Safetensors.Families;

namespace Tessera.Format.Safetensors.Config;

/// <summary>What config.json says of an encoder, under the keys and with the defaults of its class.</summary>
internal sealed class EncoderConfig
{
    private const int MostLayers = 4096, MostWidth = 1 << 20, MostVocabulary = 1 << 24, MostHeads = 4096, MostContext = 1 << 28;

    private readonly FamilyInput _input;

    /// <summary>Reads the fields that all encoders have.</summary>
    /// <exception cref="ModelFormatException">A field has the wrong type or is out of range.</exception>
    public EncoderConfig(FamilyInput input, EncoderKeys keys)
    {
        (_input, Section) = (input, input.Config);
        Vocabulary = Section.Integer("vocab_size", 1, MostVocabulary) ?? keys.Vocabulary;
        Width = Section.Integer(keys.WidthKey, 1, MostWidth) ?? keys.Width;
        Inner = Section.Integer(keys.InnerKey, 1, MostWidth * 8) ?? keys.Inner;
        Layers = Section.Integer(keys.LayersKey, 1, MostLayers) ?? keys.Layers;
        Heads = Section.Integer(keys.HeadsKey, 1, MostHeads) ?? keys.Heads;
        Positions = Section.Integer(keys.ContextKey, 1, MostContext) ?? keys.Context;
        Epsilon = Section.Number(keys.EpsilonKey) ?? keys.Epsilon;
        if (Width % Heads != 0)
            throw Section.Bad(keys.WidthKey, $"a multiple of {keys.HeadsKey} ({Heads})", $"{Width}");
        Function = Nonlinearity(keys.ActivationKey, "gelu");
        if (Section.Flag("is_decoder") == true)
            throw new UnsupportedModelException($"safetensors: {Section.Path}: is_decoder is true; causal attention is not available for this family");
    }

    public JsonSection Section { get; }

    public int Vocabulary { get; }

    public int Width { get; }

    public int Inner { get; }

    public int Layers { get; }

    public int Heads { get; }

    /// <summary>The positions that have an embedding, or that the model was made for.</summary>
    public int Positions { get; }

    public double Epsilon { get; }

    /// <summary>The nonlinearity of the feed-forward.</summary>
    public Activation Function { get; }

    /// <summary>Whether the model is of a class that ends in scores.</summary>
    public bool IsClassifier => Section.Texts("architectures")?.Any(c => c.EndsWith("ForSequenceClassification", StringComparison.Ordinal)) ?? false;

    /// <summary>A nonlinearity by its name in Transformers.</summary>
    public Activation Nonlinearity(string key, string absent) => (Section.Text(key) ?? absent) switch
    {
        "gelu" or "gelu_python" => Activation.Gelu,
        "gelu_new" or "gelu_fast" or "gelu_pytorch_tanh" => Activation.GeluTanh,
        "relu" => Activation.Relu,
        "silu" or "swish" => Activation.Silu,
        "tanh" => Activation.Tanh,
        string other => throw Section.Bad(key, "gelu, gelu_new, relu, silu or tanh", $"'{Errors.Readable(other)}'"),
    };

    /// <summary>The folder's pooling, or a classifier's.</summary>
    /// <param name="kind">The rows that the classifier reads.</param>
    /// <param name="activation">The nonlinearity between its products.</param>
    public PoolingMetadata Pooling(PoolingKind kind, Activation activation) => !IsClassifier
        ? _input.Pooling
        : Classifier(_input) with { Kind = kind, ClassifierActivation = activation };

    /// <summary>The folder's pooling with a classifier's scores.</summary>
    public static PoolingMetadata Classifier(FamilyInput input) => input.Pooling with { IsClassifier = true, Products = [], Scores = Scores(input.Config) };

    /// <summary>The canonical metadata.</summary>
    /// <param name="architecture">The family's name.</param>
    /// <param name="context">The longest text.</param>
    /// <param name="pooling">How vectors are made.</param>
    /// <param name="attention">The attention's shape where there is more to say than the number of heads.</param>
    /// <param name="rope">The rotation.</param>
    /// <param name="extra">Numbers that only one family knows.</param>
    /// <param name="lists">Lists that only one family knows.</param>
    /// <param name="activation">The nonlinearity of the feed-forward where it has no key of its own.</param>
    public ModelMetadata Metadata(string architecture, int context, PoolingMetadata pooling, AttentionMetadata? attention = null, RopeMetadata? rope = null, Dictionary<string, double>? extra = null, Dictionary<string, double[]>? lists = null, Activation? activation = null) => new()
    {
        Architecture = architecture,
        VocabularySize = Vocabulary,
        ContextLength = context,
        EmbeddingLength = Width,
        LayerCount = Layers,
        FeedForwardLength = Inner,
        Activation = activation ?? Function,
        NormEpsilon = (float)Epsilon,
        Attention = (attention ?? new AttentionMetadata()) with { HeadCount = Heads },
        Rope = rope ?? new RopeMetadata { Pairing = RopePairing.Halves },
        Pooling = pooling,
        Sampling = _input.Sampling,
        Problems = _input.Problems,
        Extra = extra ?? [],
        ExtraLists = lists ?? [],
    };

    // sentence-transformers' CrossEncoder: what the file asks for, else a sigmoid where there is one label.
    private static ScoreFunction Scores(JsonSection config)
    {
        string? function = config.Section("sentence_transformers")?.Text("activation_fn") ?? config.Text("sbert_ce_default_activation_function");
        int labels = config.Section("id2label")?.Keys.Count() ?? config.Integer("num_labels", 1) ?? 2;
        return function?[(function.LastIndexOf('.') + 1)..] switch
        {
            null => labels == 1 ? ScoreFunction.Sigmoid : ScoreFunction.Identity,
            "Identity" => ScoreFunction.Identity,
            "Sigmoid" => ScoreFunction.Sigmoid,
            _ => throw new UnsupportedModelException($"safetensors: {config.Path}: scores by '{Errors.Readable(function)}' are not available; there are Identity and Sigmoid"),
        };
    }
}

/// <summary>The keys of an encoder's class, and what it takes where config.json is silent.</summary>
internal sealed record EncoderKeys
{
    public required int Vocabulary { get; init; }

    public int Width { get; init; } = 768;

    public int Inner { get; init; } = 3072;

    public int Layers { get; init; } = 12;

    public int Heads { get; init; } = 12;

    public int Context { get; init; } = 512;

    public double Epsilon { get; init; } = 1e-12;

    public string WidthKey { get; init; } = "hidden_size";

    public string InnerKey { get; init; } = "intermediate_size";

    public string LayersKey { get; init; } = "num_hidden_layers";

    public string HeadsKey { get; init; } = "num_attention_heads";

    public string ContextKey { get; init; } = "max_position_embeddings";

    public string EpsilonKey { get; init; } = "layer_norm_eps";

    public string ActivationKey { get; init; } = "hidden_act";
}
