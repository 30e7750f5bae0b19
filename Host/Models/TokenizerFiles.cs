namespace Tessera.Host.Models;

/// <summary>Finds a tokenizer's own files, for commands that need no weights.</summary>
internal static class TokenizerFiles
{
    private const string Json = "tokenizer.json", Config = "tokenizer_config.json", RankSuffix = ".tiktoken", ModelSuffix = ".model";

    // The largest known tokenizer.json has about 35 MB.
    private const long MostBytes = 256L << 20;

    /// <summary>The files at a path as assets; null where the path is no tokenizer's.</summary>
    /// <param name="path">tokenizer.json, tokenizer.model, a .tiktoken file, or a folder that holds one of them, which are looked for in this order.</param>
    /// <exception cref="ModelFormatException">A file is too large, or a folder has several of the kind that it is about.</exception>
    public static TokenizerAssets? TryRead(string path)
    {
        if (!Directory.Exists(path))
            return File.Exists(path) && IsTokenizer(Path.GetFileName(path)) ? Read(path) : null;
        foreach (string name in (string[])[Json, "tokenizer" + ModelSuffix, "tiktoken" + ModelSuffix])
            if (File.Exists(Path.Combine(path, name)))
                return Read(Path.Combine(path, name));
        string[] ranks = [.. Directory.EnumerateFiles(path, "*" + RankSuffix).Order(StringComparer.Ordinal)];
        return ranks.Length switch
        {
            0 => null,
            1 => Read(ranks[0]),
            _ => throw new ModelFormatException($"{path}: several rank files ({string.Join(", ", ranks.Select(Path.GetFileName))}); name the one that is meant"),
        };
    }

    private static bool IsTokenizer(string name) =>
        name == Json || name.EndsWith(ModelSuffix, StringComparison.OrdinalIgnoreCase) || name.EndsWith(RankSuffix, StringComparison.OrdinalIgnoreCase);

    private static TokenizerAssets Read(string path)
    {
        string name = Path.GetFileName(path);
        byte[] file = Bytes(path);
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal) { [name] = file };
        string config = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Config);
        if (File.Exists(config))
            files[Config] = Bytes(config);
        return new TokenizerAssets { Model = Kind(name, file), Tokens = [], Files = files };
    }

    // A .model file is of either kind; SentencePiece's begins with the tag of its first piece.
    private static string Kind(string name, byte[] file)
    {
        if (name == Json)
            return "hf";
        return name.EndsWith(RankSuffix, StringComparison.OrdinalIgnoreCase) || (file.Length > 0 && file[0] != 0x0A) ? "tiktoken" : "sentencepiece";
    }

    private static byte[] Bytes(string path)
    {
        long length = new FileInfo(path).Length;
        return length <= MostBytes ? File.ReadAllBytes(path) : throw new ModelFormatException($"{path}: {length} bytes, expected at most {MostBytes} of a tokenizer");
    }
}
