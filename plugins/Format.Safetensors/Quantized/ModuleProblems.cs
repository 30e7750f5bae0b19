namespace Tessera.Format.Safetensors.Quantized;

/// <summary>What is wrong with modules. A mistake of the section, or one that many modules share, is told once: with the first module's name, and how many more there are.</summary>
internal sealed class ModuleProblems
{
    private const int Most = 50;

    private readonly OrderedDictionary<string, (string First, int Count)> _texts = new(StringComparer.Ordinal);

    /// <summary>Notes a problem of a module.</summary>
    public void Add(StoredModule module, string problem)
    {
        string key = module.Name.Length == 0 ? problem : problem.Replace(Errors.Readable(module.Name), "*", StringComparison.Ordinal);
        _texts[key] = _texts.TryGetValue(key, out (string First, int Count) known) ? (known.First, known.Count + 1) : (problem, 1);
    }

    /// <summary>One text for each kind.</summary>
    /// <param name="section">The quantization section, for messages.</param>
    public IEnumerable<string> Texts(JsonSection section)
    {
        foreach ((string key, (string first, int count)) in _texts.Take(Most))
            // A text without the module's name is of the section, and all that it says is said.
            yield return count == 1 || key == first ? first : $"{first}; so it is with {count - 1} more layer{(count == 2 ? "" : "s")}";
        if (_texts.Count > Most)
            yield return $"safetensors: {section.Path}: {_texts.Skip(Most).Sum(t => t.Value.Count)} more layers cannot be read";
    }
}
