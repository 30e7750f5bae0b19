using System.Text.Json;

namespace Tessera.Format.Safetensors.Config;

/// <summary>generation_config.json: recommended sampling, and the tokens that end a text. Older folders have the latter in config.json.</summary>
internal sealed class GenerationConfig
{
    private const string File = "generation_config.json", EndKey = "eos_token_id";
    private const int MostEnds = 1024;

    // Logits are divided by it.
    private const float MinRepetitionPenalty = 1e-3f;

    private GenerationConfig(JsonSection? section, SamplingDefaults sampling, int[]? endTokens) => (Section, Sampling, EndTokens) = (section, sampling, endTokens);

    /// <summary>The file, or null where there is none.</summary>
    public JsonSection? Section { get; }

    /// <summary>What it recommends.</summary>
    public SamplingDefaults Sampling { get; }

    /// <summary>The tokens that end a text; null: the files do not say.</summary>
    public int[]? EndTokens { get; }

    /// <summary>Reads the file.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="config">config.json, or null.</param>
    /// <param name="problems">Takes what cannot be meant: the tensors can be looked at all the same.</param>
    /// <param name="faults">Takes why the file cannot be read.</param>
    public static GenerationConfig Read(IModelFiles files, JsonSection? config, List<string> problems, List<string> faults)
    {
        JsonSection? section = Attempt.Read(() => files.TryOpen(File) is { } file ? JsonSection.Parse(file) : null, faults);
        int[]? ends = Attempt.Read(() => (section is null ? null : Ends(section)) ?? (config is null ? null : Ends(config) ?? (config.Section("text_config") is { } text ? Ends(text) : null)), problems);
        return new GenerationConfig(section, section is null ? new() : Attempt.Read(() => SamplingOf(section), problems) ?? new(), ends);
    }

    private static SamplingDefaults SamplingOf(JsonSection s) => new()
    {
        // Without sampling the best token is taken, whatever temperature is left in the file.
        Temperature = s.Flag("do_sample") == false ? 0 : Number(s, "temperature", 0, float.MaxValue),
        // Other runtimes write −1 for "all".
        TopK = s.Integer("top_k", -1) is { } k ? Math.Max(0, k) : null,
        TopP = Number(s, "top_p", 0, 1),
        MinP = Number(s, "min_p", 0, 1),
        TypicalP = Number(s, "typical_p", 0, 1),
        RepetitionPenalty = Number(s, "repetition_penalty", MinRepetitionPenalty, float.MaxValue),
    };

    private static float? Number(JsonSection section, string key, float least, float most) => section.Number(key) is not { } value
        ? null
        : value >= least && value <= most ? (float)value : throw section.Bad(key, most == float.MaxValue ? $"at least {least}" : $"{least} to {most}", $"{value}");

    private static int[]? Ends(JsonSection section)
    {
        if (section.Raw(EndKey) is not { } value)
            return null;
        JsonElement[] ids = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Take(MostEnds + 1)] : [value];
        if (ids.Length > MostEnds)
            throw section.Bad(EndKey, $"at most {MostEnds} token ids", "more");
        return [.. ids.Select(v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out int id) && id >= 0 ? id : throw section.Bad(EndKey, "a token id, or an array of them", JsonSection.Told(v))).Distinct().Order()];
    }
}
