namespace Tessera.Format.Gguf.Writing;

/// <summary>Writes how texts become vectors or scores: the inverse of <see cref="GgufPooling"/>. What GGUF cannot say is a note, or refused where the vectors would be others.</summary>
internal sealed class PoolingKeys(HeaderBuilder header, Func<string, string> own, List<string> notes)
{
    private const uint Rank = 4;

    /// <summary>Adds the keys.</summary>
    public void Add(ModelMetadata m, string architecture)
    {
        bool isEncoder = WriterArchitectures.IsEncoder(architecture);
        if (WriterArchitectures.EncoderActivation(architecture) is { } usual && m.Activation is { } function && function != usual)
            throw Unsaid(architecture, $"a feed-forward with {function} in place of {usual}");
        if (architecture == WriterArchitectures.ModernBert)
            header.Add(own(GgufActivation.Key), GgufActivation.Name(m.Activation ?? Activation.Gelu) ?? throw Unsaid(architecture, $"a feed-forward with {m.Activation}"));
        if (isEncoder)
            header.Add(own("attention.causal"), false);
        PoolingMetadata pooling = m.Pooling;
        if (pooling.Products.Count > 0)
            throw Unsaid(architecture, "dense layers behind the pool");
        if (pooling.IsClassifier)
            AddClassifier(pooling, architecture, isEncoder);
        else if (pooling.Kind != PoolingKind.None)
            AddEmbedding(pooling);
        if ((pooling.Kind != PoolingKind.None || pooling.IsClassifier) && pooling.MaxTokens > 0 && pooling.MaxTokens < m.ContextLength)
            notes.Add($"texts are cut to {pooling.MaxTokens} tokens here: GGUF has no key for it, and of the file they are cut to {m.ContextLength}");
        if (pooling.LowersText)
            notes.Add("texts become lower case here before they become tokens: GGUF has no key for it");
    }

    private void AddEmbedding(PoolingMetadata pooling)
    {
        header.Add(own("pooling_type"), pooling.Kind switch { PoolingKind.Mean => 1u, PoolingKind.First => 2, _ => 3 });
        if (!pooling.Normalizes)
            notes.Add("embeddings are not brought to length 1 here: GGUF has no key for it, and those of the file are");
        if (pooling.Prompts.Values.Any(p => p.Length > 0))
            notes.Add($"prompts ({string.Join(", ", pooling.Prompts.Keys.Order(StringComparer.Ordinal))}) are left out: GGUF has no keys for them");
    }

    private void AddClassifier(PoolingMetadata pooling, string architecture, bool isEncoder)
    {
        if (pooling.Kind != WriterArchitectures.ClassifierPooling(architecture))
            throw Unsaid(architecture, $"a classifier of the {pooling.Kind} of all rows");
        Activation between = GgufPooling.ClassifierActivation(architecture);
        if (isEncoder && pooling.ClassifierActivation != between)
            throw Unsaid(architecture, $"a classifier with {pooling.ClassifierActivation} in place of {between}");
        header.Add(own("pooling_type"), Rank);
        ScoreFunction read = isEncoder ? ScoreFunction.Sigmoid : ScoreFunction.Softmax;
        if (pooling.Scores != read)
            notes.Add($"a score becomes a relevance by {pooling.Scores} here: GGUF has no key for it, and of the file by {read}");
    }

    private static UnsupportedModelException Unsaid(string architecture, string what) => new($"gguf: {what} cannot be written for {architecture}: GGUF has no way to say it");
}
