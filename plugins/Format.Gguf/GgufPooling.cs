namespace Tessera.Format.Gguf;

/// <summary>Maps <c>pooling_type</c>: how a text becomes an embedding or a score.</summary>
internal static class GgufPooling
{
    private const int Rank = 4;
    private const string ModernBert = "modern-bert";

    /// <summary>Maps the key of a file.</summary>
    public static PoolingMetadata Read(GgufMetadata metadata, string architecture)
    {
        string key = metadata.Own("pooling_type");
        int type = metadata.OptionalInteger(key, 0) ?? 0;
        bool isEncoder = architecture is "bert" or "nomic-bert" or "nomic-bert-moe" or ModernBert or "jina-bert-v2" or "jina-bert-v3" or "neo-bert";
        switch (type)
        {
            case 0: return new();
            case 1: return new() { Kind = PoolingKind.Mean };
            case 2: return new() { Kind = PoolingKind.First };
            case 3: return new() { Kind = PoolingKind.Last };
            case Rank:
                return new()
                {
                    Kind = architecture == ModernBert ? PoolingKind.Mean : isEncoder ? PoolingKind.First : PoolingKind.Last,
                    IsClassifier = true,
                    ClassifierActivation = ClassifierActivation(architecture),
                    // A causal model's two scores stand for yes and no.
                    Scores = isEncoder ? ScoreFunction.Sigmoid : ScoreFunction.Softmax,
                };
            default:
                metadata.Problem(key, $"0 to {Rank}", $"{type}");
                return new();
        }
    }

    /// <summary>The nonlinearity between a classifier's products.</summary>
    public static Activation ClassifierActivation(string architecture) => architecture == ModernBert ? Activation.Gelu : Activation.Tanh;
}
