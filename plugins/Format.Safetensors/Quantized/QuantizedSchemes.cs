namespace Tessera.Format.Safetensors.Quantized;

/// <summary>The schemes of quantized folders, and how they are asked.</summary>
internal static class QuantizedSchemes
{
    private static readonly IReadOnlyList<IQuantizedScheme> All =
        [new AwqScheme(), new BitsAndBytesScheme(), new CompressedTensorsScheme(), new FbgemmScheme(), new Fp8Scheme(), new GptqScheme(), new MlxScheme(), new Mxfp4Scheme()];

    private const int MostProblems = 50;

    /// <summary>The scheme of a quantization section; null, and a problem, where there is none.</summary>
    public static IQuantizedScheme? Find(JsonSection section, IReadOnlyDictionary<string, StoredTensor> tensors, List<string> problems)
    {
        IQuantizedScheme? scheme = All.FirstOrDefault(s => s.Takes(section));
        if (scheme is null)
            problems.Add($"{section.Path}: quantization method '{Errors.Readable(Method(section))}' is not available (layer '{Layer(tensors)}'); there are: {string.Join(", ", All.Select(s => s.Name))}");
        return scheme;
    }

    /// <summary>Makes weights of all quantized modules.</summary>
    /// <param name="scheme">The section's scheme.</param>
    /// <param name="section">The quantization section of config.json.</param>
    /// <param name="tensors">The model's tensors.</param>
    /// <param name="used">Takes the names of the tensors that the weights were made of.</param>
    /// <param name="problems">Takes what is wrong, one text for each module.</param>
    public static List<WeightTensor> Claim(IQuantizedScheme scheme, JsonSection section, IReadOnlyDictionary<string, StoredTensor> tensors, HashSet<string> used, List<string> problems)
    {
        List<WeightTensor> weights = [];
        int more = 0;
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
                if (problems.Count < MostProblems)
                    problems.Add(e.Message);
                else
                    more++;
            }
        }
        if (more > 0)
            problems.Add($"{section.Path}: {more} more modules cannot be read");
        return weights;
    }

    private static string Method(JsonSection section) => section.Text("quant_method") ?? section.Text("quant_type") ?? "none named";

    // The first tensor that looks like a projection's.
    private static string Layer(IReadOnlyDictionary<string, StoredTensor> tensors) =>
        Errors.Readable(tensors.Keys.FirstOrDefault(n => n.Contains("_proj", StringComparison.Ordinal)) ?? tensors.Keys.FirstOrDefault() ?? "none");
}
