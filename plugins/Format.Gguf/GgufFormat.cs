namespace Tessera.Format.Gguf;

/// <summary>GGUF versions 2 and 3, in one file or a split set.</summary>
public sealed class GgufFormat : IWeightFormat
{
    /// <inheritdoc/>
    public string Name => "gguf";

    /// <inheritdoc/>
    public bool Probe(ReadOnlySpan<byte> header, string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        return header.StartsWith(GgufConstants.Magic) || fileName.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public ModelSource Open(IModelFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.IsFolder)
            throw new ModelFormatException($"gguf: '{files.Name}': expected a file, found a folder");
        GgufHeader[] shards = GgufSplit.Open(files);
        GgufKeys keys = shards[0].Keys;
        string[] namedTypes = GgufTensors.NamedTypes(keys);
        List<WeightTensor> weights = new(shards.Sum(s => s.Tensors.Count));
        foreach (GgufHeader shard in shards)
            GgufTensors.Add(shard, namedTypes, weights);
        return new ModelSource
        {
            Format = Name,
            Metadata = GgufMetadata.Read(keys),
            Tensors = [.. weights],
            Tokenizer = GgufTokenizer.Read(keys),
            ChatTemplate = GgufTokenizer.ChatTemplate(keys),
            ToolChatTemplate = GgufTokenizer.ToolChatTemplate(keys),
            Warnings = [.. GgufTensors.Warnings(shards)],
            Properties = GgufText.Properties(keys),
        };
    }
}
