namespace Tessera.Format.Gguf.Writing;

/// <summary>Copies the keys of a GGUF file as they stand.</summary>
internal static class KeyCopy
{
    // Of the one file only.
    private static readonly string[] Own = ["general.alignment", "split.no", "split.count", "split.tensors.count"];

    /// <summary>Adds every key that is not about the file itself.</summary>
    public static void Add(GgufKeys keys, HeaderBuilder header)
    {
        foreach ((string key, GgufEntry entry) in keys.Entries)
            if (!Own.Contains(key))
                header.AddRaw(key, keys.Stored(entry));
    }
}
