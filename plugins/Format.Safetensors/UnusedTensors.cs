using System.Text.RegularExpressions;

namespace Tessera.Format.Safetensors;

/// <summary>Tells which tensors of a folder the model has no use for: equal names of many layers in one line, and parts beside the decoder, such as a vision tower, in one.</summary>
internal static partial class UnusedTensors
{
    private const int MostLines = 64;

    /// <summary>One text for each kind.</summary>
    /// <param name="names">The unused tensors.</param>
    /// <param name="prefix">What the names of the decoder's tensors begin with.</param>
    public static IEnumerable<string> Describe(IEnumerable<string> names, string prefix)
    {
        IGrouping<string, string>[] groups = [.. names.GroupBy(n => Kind(n, prefix), StringComparer.Ordinal)];
        foreach (IGrouping<string, string> group in groups.Take(MostLines))
            yield return group.Count() == 1
                ? $"tensor '{Errors.Readable(group.First())}' has no place in this model and is passed over"
                : $"{group.Count()} tensors '{Errors.Readable(group.Key)}' have no place in this model and are passed over";
        if (groups.Length > MostLines)
            yield return $"tensors of {groups.Length - MostLines} more names have no place in this model and are passed over";
    }

    // What does not share the decoder's first words belongs to another part of a multimodal model.
    private static string Kind(string name, string prefix)
    {
        string[] own = prefix.Split('.', StringSplitOptions.RemoveEmptyEntries), words = name.Split('.');
        if (own.Length > 1 && words.Length > own.Length)
            for (int i = 0; i < own.Length; i++)
                if (words[i] != own[i])
                    return $"{string.Join('.', words.Take(i + 1))}.*";
        return Number().Replace(name, "*");
    }

    [GeneratedRegex(@"(?<=^|\.)[0-9]+(?=\.|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
