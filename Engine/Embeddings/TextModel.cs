namespace Tessera.Engine.Embeddings;

/// <summary>A composition as a model of texts' vectors: what it makes, of how long texts, and how requests for it look.</summary>
/// <param name="composition">The composition.</param>
/// <param name="parseSpecial">Spellings of control tokens in a text become those tokens.</param>
public sealed class TextModel(Composition composition, bool parseSpecial)
{
    private readonly PoolingMetadata _pooling = composition.Source.Metadata.Pooling;

    /// <summary>How the model makes its vectors.</summary>
    public PoolingMetadata Pooling => _pooling;

    /// <summary>Texts to ids.</summary>
    public InputEncoder Encoder { get; } = new(composition.Tokenizer, parseSpecial, composition.Source.Metadata.Pooling.LowersText);

    /// <summary>The ids that the model has rows for; its tokenizer may know more.</summary>
    public int VocabularySize => composition.Graph.VocabularySize;

    /// <summary>Elements of a vector.</summary>
    public int Width => composition.Graph.Pooled?.Width ?? 0;

    /// <summary>The most tokens that the model can take.</summary>
    public int Longest => composition.LongestPooled;

    /// <summary>The tokens that texts are cut to: what the model's files say, or all that it can take.</summary>
    public int Cut => _pooling.MaxTokens > 0 ? Math.Min(_pooling.MaxTokens, Longest) : Longest;

    /// <summary>Why the model makes no embeddings; null where it does.</summary>
    public string? WhyNoEmbeddings =>
        composition.Graph.Pooled is null ? $"model '{composition.Name}' does not say how its texts become embeddings (no pooling)"
        : _pooling.IsClassifier ? $"model '{composition.Name}' is a classifier; it makes scores of pairs of texts, and no embeddings"
        : null;

    /// <summary>Why the model scores no pairs of texts; null where it does.</summary>
    public string? WhyNoScores =>
        composition.Graph.Pooled is null || !_pooling.IsClassifier ? $"model '{composition.Name}' has no classifier and is no reranker"
        : Width > 1 && _pooling.Scores != ScoreFunction.Softmax ? $"model '{composition.Name}' is a classifier of {Width} labels; a reranker has one"
        : !Encoder.KnowsPairs ? $"model '{composition.Name}': its tokenizer does not say what belongs around two texts"
        : null;

    /// <summary>The text with the prompt of a purpose in front.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The purpose; null: the model's default.</param>
    /// <exception cref="TesseraException">The model has no such prompt.</exception>
    public string WithPrompt(string text, string? name)
    {
        if ((name ?? _pooling.DefaultPrompt) is not { } purpose)
            return text;
        if (_pooling is { PromptsArePooled: false, Kind: PoolingKind.Mean })
            throw new TesseraException("the model's mean leaves a prompt's tokens out, which is not available");
        return _pooling.Prompts.TryGetValue(purpose, out string? prompt)
            ? prompt + text
            : throw new TesseraException($"expected one of the model's prompts ({string.Join(", ", _pooling.Prompts.Keys.Order(StringComparer.Ordinal).DefaultIfEmpty("it has none"))}), found '{purpose}'");
    }

    /// <summary>A request for the vector of a text's ids.</summary>
    public static Generation.GenerationRequest Request(int[] ids, int[]? types = null) => new() { Prompt = ids, MaxTokens = 0, Pooled = true, TokenTypes = types };

    /// <summary>A request for the scores of a pair; a model without an embedding of types gets none.</summary>
    public Generation.GenerationRequest Request((int[] Ids, int[] Types) pair) => Request(pair.Ids, composition.TokenTypes > 1 ? pair.Types : null);
}
