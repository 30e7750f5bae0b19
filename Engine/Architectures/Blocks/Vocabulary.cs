namespace Tessera.Engine.Architectures.Blocks;

/// <summary>How many token ids a model has.</summary>
internal static class Vocabulary
{
    private const int Most = 1 << 24;

    /// <summary>The number of ids: as the metadata or the tokenizer says, else the embedding's rows.</summary>
    /// <exception cref="ModelFormatException">It is out of range.</exception>
    public static long Size(ModelSource source)
    {
        WeightTensor? embedding = Array.Find(source.Tensors, t => t.Name == "token_embd.weight");
        long said = source.Metadata.VocabularySize > 0 ? source.Metadata.VocabularySize : source.Tokenizer?.Tokens.Length ?? 0;
        long size = said > 0 ? said : embedding?.Rows ?? 0;
        return size is > 0 and <= Most
            ? size
            : throw Hyperparameters.Bad(source.Metadata, "vocab_size", $"1 to {Most}", size);
    }
}
