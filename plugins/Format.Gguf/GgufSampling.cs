namespace Tessera.Format.Gguf;

/// <summary>Maps the sampling settings that a model's maker recommends, <c>general.sampling.*</c>.</summary>
internal static class GgufSampling
{
    private const string Prefix = "general.sampling.";

    // Logits are divided by it.
    private const float MinRepetitionPenalty = 1e-3f;

    /// <summary>Maps the keys of a file.</summary>
    public static SamplingDefaults Read(GgufMetadata metadata) => new()
    {
        Temperature = metadata.OptionalNumber(Prefix + "temp", 0, float.MaxValue),
        TopK = TopK(metadata),
        TopP = metadata.OptionalNumber(Prefix + "top_p", 0, 1),
        MinP = metadata.OptionalNumber(Prefix + "min_p", 0, 1),
        RepetitionPenalty = metadata.OptionalNumber(Prefix + "penalty_repeat", MinRepetitionPenalty, float.MaxValue),
    };

    // Writers put 0 or a negative number for "all tokens"; the canonical form of that is 0.
    private static int? TopK(GgufMetadata metadata) =>
        metadata.OptionalInteger(Prefix + "top_k", int.MinValue) is { } value ? Math.Max(0, value) : null;
}
