using System.Text.Json;
using Tessera.Engine.Sampling;

namespace Tessera.Host.Api.OpenAi;

/// <summary>The sampling fields that chat and text completions share.</summary>
internal static class SamplingFields
{
    private const int MaxBiases = 65536;

    /// <summary>Reads them over the model's defaults.</summary>
    public static SamplingOptions Read(in FieldReader fields, SamplingOptions defaults, int vocabulary) => defaults with
    {
        Temperature = fields.Number("temperature", 0, 100) ?? defaults.Temperature,
        TopP = Mass(fields.Number("top_p", 0, 1)) ?? defaults.TopP,
        TopK = (int?)fields.Integer("top_k", -1, int.MaxValue) is { } topK ? Math.Max(0, topK) : defaults.TopK,
        MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP,
        TypicalP = Mass(fields.Number("typical_p", 0, 1)) ?? defaults.TypicalP,
        RepetitionPenalty = fields.Number("repetition_penalty", 0.01, 100) ?? fields.Number("repeat_penalty", 0.01, 100) ?? defaults.RepetitionPenalty,
        FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? defaults.FrequencyPenalty,
        PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? defaults.PresencePenalty,
        Seed = fields.Integer("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : defaults.Seed,
        LogitBias = ReadBias(fields, vocabulary) ?? defaults.LogitBias,
    };

    /// <summary>No mass at all still keeps one token.</summary>
    private static float? Mass(float? value) => value is { } mass ? Math.Max(mass, float.Epsilon) : null;

    private static Dictionary<int, float>? ReadBias(in FieldReader fields, int vocabulary)
    {
        const string Field = "logit_bias";
        if (fields.Get(Field) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid(Field, "an object of token ids and numbers", FieldReader.Describe(value));
        Dictionary<int, float> biases = [];
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, out int id) || id < 0 || id >= vocabulary)
                throw ApiException.Invalid(Field, $"token ids from 0 to {vocabulary - 1}", $"'{entry.Name}'");
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetSingle(out float bias) || bias is not (>= -100 and <= 100))
                throw ApiException.Invalid($"{Field}.{entry.Name}", "a number from -100 to 100", FieldReader.Describe(entry.Value));
            biases[id] = bias;
            if (biases.Count > MaxBiases)
                throw ApiException.Invalid(Field, $"at most {MaxBiases} entries");
        }
        return biases;
    }
}
