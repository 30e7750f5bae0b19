using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>One model family of Hugging Face: what its configuration means in canonical terms, and the canonical names of its weights.</summary>
internal interface IFamily
{
    /// <summary>The classes that config.json's <c>architectures</c> may name.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>The names that <c>model_type</c> may have, where no class is named and inside multimodal models.</summary>
    IReadOnlyList<string> ModelTypes { get; }

    /// <summary>Reads a configuration.</summary>
    /// <exception cref="ModelFormatException">A field is wrong; the text names it, what was expected and what was found.</exception>
    /// <exception cref="UnsupportedModelException">A variant that the family's graph does not have.</exception>
    FamilyModel Read(FamilyInput input);
}

/// <summary>What a family reads.</summary>
/// <param name="Config">config.json, or the part of it that is about text.</param>
/// <param name="Sampling">What generation_config.json recommends.</param>
/// <param name="Pooling">How the folder makes vectors of texts, as far as it does not depend on the family.</param>
/// <param name="Problems">The metadata's problems: what does not keep the rest from being read is added here, and may be later too.</param>
/// <param name="Outer">config.json of a multimodal model, whose part the configuration is, or null.</param>
internal sealed record FamilyInput(JsonSection Config, SamplingDefaults Sampling, PoolingMetadata Pooling, List<string> Problems, JsonSection? Outer = null)
{
    /// <summary>Whether the class is a decoder without its output matrix.</summary>
    public bool IsHeadless { get; init; }

    /// <summary>What a multimodal model's class for its text part takes where config.json is silent; null: what the family's own class takes.</summary>
    public DecoderDefaults? TextDefaults { get; init; }
}

/// <summary>A model as a family reads it.</summary>
/// <param name="Metadata">The canonical metadata.</param>
/// <param name="Map">Names every tensor that the model's graph needs.</param>
internal sealed record FamilyModel(ModelMetadata Metadata, Action<WeightMap> Map);
