namespace Tessera.Format.Safetensors.Config;

/// <summary>The tokenizer's files of a folder: tokenizer.json, else tokenizer.model, else a rank file; with tokenizer_config.json beside it.</summary>
internal static class TokenizerReader
{
    private const string Settings = "tokenizer_config.json", Json = "tokenizer.json";
    private const byte SentencePieceTag = 0x0A;

    // The largest known tokenizer.json has about 35 MB.
    private const long MostBytes = 256L << 20;

    private static readonly string[] Names = [Json, "tokenizer.model", "tiktoken.model", "qwen.tiktoken"];

    /// <summary>The assets, or null where the folder has no tokenizer.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="endTokens">The tokens that end a text; null: the files do not say.</param>
    public static TokenizerAssets? Read(IModelFiles files, int[]? endTokens)
    {
        foreach (string name in Names)
        {
            if (files.TryOpen(name) is not { } file)
                continue;
            byte[] bytes = Bytes(file);
            Dictionary<string, byte[]> all = new(StringComparer.Ordinal) { [name] = bytes };
            if (files.TryOpen(Settings) is { } settings)
                all.Add(Settings, Bytes(settings));
            // A .model file is of either kind; SentencePiece's begins with the tag of its first piece.
            string kind = name == Json ? "hf" : name == "tokenizer.model" && bytes is [SentencePieceTag, ..] ? "sentencepiece" : "tiktoken";
            return new TokenizerAssets { Model = kind, Tokens = [], Files = all, EndTokens = endTokens };
        }
        return null;
    }

    private static unsafe byte[] Bytes(IModelFile file) => file.Length <= MostBytes
        ? new ReadOnlySpan<byte>(file.Data, (int)file.Length).ToArray()
        : throw Errors.File(file.Name, $"expected at most {MostBytes} bytes of a tokenizer, found {file.Length}");
}
