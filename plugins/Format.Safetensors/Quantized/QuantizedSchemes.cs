namespace Tessera.Format.Safetensors.Quantized;

/// <summary>The schemes of quantized folders, and how they are asked.</summary>
internal static class QuantizedSchemes
{
    private static readonly IReadOnlyList<IQuantizedScheme> All =
        [new AwqScheme(), new BitsAndBytesScheme(), new CompressedTensorsScheme(), new FbgemmScheme(), new Fp8Scheme(), new GptqScheme(), new MlxScheme(), new Mxfp4Scheme()];

    /// <summary>The object that says how weights are quantized; MLX writes the same under two names.</summary>
    /// <exception cref="ModelFormatException">It is none.</exception>
    public static JsonSection? SectionOf(JsonSection config)
    {
        foreach (string key in (ReadOnlySpan<string>)["quantization_config", "quantization"])
            if (config.Section(key) is { } section)
                return section;
        return config.Section("text_config") is { } text && text.Section("quantization_config") is { } nested ? nested : null;
    }

    /// <summary>The scheme of a quantization section; null, and a problem, where there is none.</summary>
    public static IQuantizedScheme? Find(JsonSection section, IReadOnlyDictionary<string, StoredTensor> tensors, List<string> problems)
    {
        IQuantizedScheme? scheme = All.FirstOrDefault(s => s.Takes(section));
        if (scheme is null)
            problems.Add($"safetensors: {section.Path}: quantization method '{Errors.Readable(Method(section))}' is not available (layer '{Layer(tensors)}'); there are: {string.Join(", ", All.Select(s => s.Name))}");
        return scheme;
    }

    /// <summary>Makes weights of all quantized modules.</summary>
    /// <param name="scheme">The section's scheme.</param>
    /// <param name="section">The quantization section of config.json.</param>
    /// <param name="tensors">The model's tensors.</param>
    /// <param name="used">Takes the names of the tensors that the weights were made of.</param>
    /// <param name="problems">Takes what is wrong; what is the same of several modules is one text.</param>
    public static List<WeightTensor> Claim(IQuantizedScheme scheme, JsonSection section, IReadOnlyDictionary<string, StoredTensor> tensors, HashSet<string> used, List<string> problems)
    {
        List<WeightTensor> weights = [];
        ModuleProblems wrong = new();
        SortedSet<string> names = new(StringComparer.Ordinal);
        foreach (string name in tensors.Keys)
            foreach (string marker in scheme.Markers)
                if (name.EndsWith(marker, StringComparison.Ordinal))
                    names.Add(name[..^marker.Length]);
                else if (marker.Length == name.Length + 1 && marker.AsSpan(1).SequenceEqual(name))
                    names.Add("");
        foreach (string name in names)
        {
            StoredModule module = new(name, tensors);
            try
            {
                if (scheme.Claim(module, section) is not { } weight)
                    continue;
                weights.Add(weight);
                used.UnionWith(module.Taken);
            }
            catch (TesseraException e) when (e is ModelFormatException or UnsupportedModelException)
            {
                wrong.Add(module, e.Message);
            }
        }
        problems.AddRange(wrong.Texts(section));
        return weights;
    }

    private static string Method(JsonSection section) => section.Text("quant_method") ?? section.Text("quant_type") ?? "none named";

    // The module of the first tensor that looks like a projection's.
    private static string Layer(IReadOnlyDictionary<string, StoredTensor> tensors) =>
        Errors.Readable(StoredModule.Of(tensors.Keys.FirstOrDefault(n => n.Contains("_proj", StringComparison.Ordinal)) ?? tensors.Keys.FirstOrDefault() ?? "none"));
}
