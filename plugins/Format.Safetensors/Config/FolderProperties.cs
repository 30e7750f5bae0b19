namespace Tessera.Format.Safetensors.Config;

/// <summary>What the configuration files say, for people to look at.</summary>
internal static class FolderProperties
{
    private const int MostKeys = 1000;

    // No key of a file has a space.
    private const string SchemeKey = "quantization scheme";

    /// <summary>Every value by its file and key.</summary>
    /// <param name="config">config.json, or null.</param>
    /// <param name="generation">generation_config.json.</param>
    /// <param name="scheme">What is to be said of quantized weights, or null.</param>
    public static IReadOnlyDictionary<string, string> Read(JsonSection? config, GenerationConfig generation, string? scheme)
    {
        OrderedDictionary<string, string> properties = new(StringComparer.Ordinal);
        Add(properties, "", config);
        Add(properties, "generation_config.", generation.Section);
        if (scheme is not null)
            properties[SchemeKey] = scheme;
        return properties;
    }

    private static void Add(OrderedDictionary<string, string> properties, string prefix, JsonSection? section)
    {
        foreach (string key in section?.Keys.Take(MostKeys) ?? [])
            properties[prefix + Errors.Readable(key)] = section!.Raw(key) is { } value ? JsonSection.Shown(value) : "null";
    }
}
