using Tessera.Format.Safetensors.Families;

namespace Tessera.Format.Safetensors.Config;

/// <summary>What config.json says of a decoder, with its class's defaults filled in. A family corrects what is special and asks for the metadata.</summary>
internal sealed class DecoderConfig
{
    private const int MostLayers = 4096, MostWidth = 1 << 20, MostVocabulary = 1 << 24, MostHeads = 4096, MostContext = 1 << 28;

    private readonly FamilyInput _input;
    private readonly DecoderDefaults _defaults;

    /// <summary>Reads the fields that all decoders have.</summary>
    /// <exception cref="ModelFormatException">A field has the wrong type or is out of range.</exception>
    public DecoderConfig(FamilyInput input, DecoderDefaults defaults)
    {
        // A text part's class has the family's layers, and numbers of its own.
        defaults = input.TextDefaults is { } text ? text with { Pairing = defaults.Pairing } : defaults;
        (Section, _input, _defaults) = (input.Config, input, defaults);
        Vocabulary = Integer("vocab_size", defaults.Vocabulary, 1, MostVocabulary);
        Width = Integer("hidden_size", defaults.Width, 1, MostWidth);
        Inner = Integer("intermediate_size", defaults.Inner, 1, MostWidth * 8);
        Layers = Integer("num_hidden_layers", defaults.Layers, 1, MostLayers);
        int heads = Integer("num_attention_heads", defaults.Heads, 1, MostHeads);
        int keyHeads = Section.Names("num_key_value_heads") ? Integer("num_key_value_heads", heads, 1, heads) : defaults.KeyHeads == 0 ? heads : defaults.KeyHeads;
        int head = Section.Names("head_dim") ? Integer("head_dim", 0, 1, MostWidth) : defaults.HeadLength;
        if (head == 0 && Width % heads != 0)
            throw Section.Bad("hidden_size", $"a multiple of num_attention_heads ({heads})", $"{Width}");
        HeadLength = head == 0 ? Width / heads : head;
        Attention = new AttentionMetadata { HeadCount = heads, KeyValueHeadCount = keyHeads, KeyLength = HeadLength, ValueLength = HeadLength };
        Context = Integer("max_position_embeddings", defaults.Context, 1, MostContext);
        Epsilon = Section.Number(defaults.EpsilonKey) ?? defaults.Epsilon;
        Rope = ReadRope();
    }

    /// <summary>The object that the fields are in.</summary>
    public JsonSection Section { get; }

    /// <summary>The number of token ids.</summary>
    public int Vocabulary { get; }

    /// <summary>The width of the residual stream.</summary>
    public int Width { get; }

    /// <summary>The inner width of the feed-forward.</summary>
    public int Inner { get; init; }

    /// <summary>The number of layers.</summary>
    public int Layers { get; }

    /// <summary>The width of a head.</summary>
    public int HeadLength { get; }

    /// <summary>The longest context that the model was made for.</summary>
    public int Context { get; }

    /// <summary>The epsilon of the norms.</summary>
    public double Epsilon { get; }

    /// <summary>The attention's shape; the window is the family's to set.</summary>
    public AttentionMetadata Attention { get; set; }

    /// <summary>The rotation.</summary>
    public RopeMetadata Rope { get; set; }

    /// <summary>Norm weights are stored as w and mean 1 + w.</summary>
    public bool NormWeightsAreOffsets { get; init; }

    /// <summary>A tensor with the gate and up rows of experts has them by turns.</summary>
    public bool GateUpRowsAlternate { get; init; }

    /// <summary>Whether the embedding is the output matrix too.</summary>
    public bool Tied => IsHeadless || (Section.Flag("tie_word_embeddings") ?? _input.Outer?.Flag("tie_word_embeddings") ?? _defaults.Tied);

    /// <summary>Whether the class has no output matrix, or a classifier in its place.</summary>
    public bool IsHeadless => _input.IsHeadless;

    /// <summary>Numbers that only one family knows.</summary>
    public Dictionary<string, double> Extra { get; } = new(StringComparer.Ordinal);

    /// <summary>Lists that only one family knows.</summary>
    public Dictionary<string, double[]> Lists { get; } = new(StringComparer.Ordinal);

    /// <summary>A whole number, or the class's default.</summary>
    public int Integer(string key, int absent, int least = 0, int most = int.MaxValue) => Section.Integer(key, least, most) ?? absent;

    /// <summary>A bool, or the class's default.</summary>
    public bool Flag(string key, bool absent) => Section.Flag(key) ?? absent;

    /// <summary>A number; the class's default only where the key is absent. Null means none.</summary>
    public double? Number(string key, double? absent) => Section.Names(key) ? Section.Number(key) : absent;

    /// <summary>The sliding window, whatever the layers do with it; 0: none. The class's default only where the key is absent.</summary>
    public int Window() => Section.Names("sliding_window") ? Integer("sliding_window", 0, 0, MostContext) : _defaults.Window;

    /// <summary>How many layers are without the window, where it is used and no types of layers are named.</summary>
    public int WindowLayers => Integer("max_window_layers", _defaults.WindowLayers);

    /// <summary>Notes a problem where the nonlinearity is one that the family's graph does not have.</summary>
    /// <param name="available">Names of one and the same function.</param>
    public void RequireActivation(params ReadOnlySpan<string> available)
    {
        string name = Section.Text(_defaults.ActivationKey) ?? _defaults.Activation;
        if (!available.Contains(name))
            _input.Problems.Add(Section.Bad(_defaults.ActivationKey, string.Join(" or ", available.ToArray()), $"'{Errors.Readable(name)}', which is not available for this family").Message);
    }

    /// <summary>The rotation of the layers of a type, or of all; a plain one, and a problem, where what the file says cannot be meant.</summary>
    /// <param name="layerType">The type, where the file may tell them apart.</param>
    /// <param name="headLength">Elements of what rotates; null: of a head.</param>
    public RopeMetadata ReadRope(string? layerType = null, int? headLength = null)
    {
        RopeMetadata rope = new();
        try
        {
            rope = RopeConfig.Read(Section, layerType, headLength ?? HeadLength, Context, _defaults.RopeBase, _defaults.PartialRotary, _defaults.YarnIsLongRope);
        }
        catch (ModelFormatException e)
        {
            if (!_input.Problems.Contains(e.Message))
                _input.Problems.Add(e.Message);
        }
        return rope with { Pairing = _defaults.Pairing };
    }

    /// <summary>Notes a problem where a field asks for what the family's graph does not have.</summary>
    public void Refuse(string key, string what)
    {
        if (Flag(key, false))
            _input.Problems.Add($"safetensors: {Section.Path}: {key}: {what} is not available for this family");
    }

    /// <summary>What <c>layer_types</c> says of each layer, or null where it is absent.</summary>
    public IReadOnlyList<string>? LayerTypes()
    {
        if (Section.Texts("layer_types") is not { } types)
            return null;
        if (types.Count != Layers)
            throw Section.Bad("layer_types", $"a value for each of {Layers} layers", $"{types.Count} values");
        foreach (string type in types)
            if (type is not ("full_attention" or "sliding_attention"))
                throw Section.Bad("layer_types", "full_attention or sliding_attention", $"'{Errors.Readable(type)}'");
        return types;
    }

    /// <summary>Sets which layers have the window: as <c>layer_types</c> says, else as the family's own rule.</summary>
    public void SetWindow(int window, Func<int, bool> isLocal)
    {
        IReadOnlyList<string>? types = LayerTypes();
        double[] pattern = [.. Enumerable.Range(0, Layers).Select(i => window > 0 && (types is null ? isLocal(i) : types[i] == "sliding_attention") ? 1.0 : 0)];
        if (pattern.All(p => p == 0))
            return;
        Attention = Attention with { SlidingWindow = window };
        Lists["attention.sliding_window_pattern"] = pattern;
    }

    /// <summary>The canonical metadata.</summary>
    public ModelMetadata Metadata(string architecture) => new()
    {
        Architecture = architecture,
        VocabularySize = Vocabulary,
        ContextLength = Context,
        EmbeddingLength = Width,
        LayerCount = Layers,
        FeedForwardLength = Inner,
        NormEpsilon = (float)Epsilon,
        NormWeightsAreOffsets = NormWeightsAreOffsets,
        GateUpRowsAlternate = GateUpRowsAlternate,
        Attention = Attention,
        Rope = Rope,
        IsHeadless = IsHeadless,
        Pooling = _input.Pooling,
        Sampling = _input.Sampling,
        Problems = _input.Problems,
        Extra = Extra,
        ExtraLists = Lists,
    };
}
