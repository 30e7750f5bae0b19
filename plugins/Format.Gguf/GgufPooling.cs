namespace Tessera.Format.Gguf;

/// <summary>Maps <c>pooling_type</c>: how a text becomes an embedding or a score.</summary>
internal static class GgufPooling
{
    private const int Rank = 4;

    /// <summary>Maps the key of a file.</summary>
    public static PoolingMetadata Read(GgufMetadata metadata, string architecture)
    {
        string key = metadata.Own("pooling_type");
        int type = metadata.OptionalInteger(key, 0) ?? 0;
        bool isEncoder = architecture is "bert" or "nomic-bert" or "nomic-bert-moe" or "modern-bert" or "jina-bert-v2" or "jina-bert-v3" or "neo-bert";
        switch (type)
        {
            case 0: return new();
            case 1: return new() { Kind = PoolingKind.Mean };
            case 2: return new() { Kind = PoolingKind.First };
            case 3: return new() { Kind = PoolingKind.Last };
            case Rank:
                return new()
                {
                    Kind = isEncoder ? PoolingKind.First : PoolingKind.Last,
                    IsClassifier = true,
                    ClassifierActivation = architecture == "modern-bert" ? Activation.Gelu : Activation.Tanh,
                    // A causal model's two scores stand for yes and no.
                    Scores = isEncoder ? ScoreFunction.Sigmoid : ScoreFunction.Softmax,
                };
            default:
                metadata.Problem(key, $"0 to {Rank}", $"{type}");
                return new();
        }
    }
}
