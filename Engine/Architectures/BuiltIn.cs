namespace Tessera.Engine.Architectures;

/// <summary>The model families that come with Engine; a plugin may bring more.</summary>
public static class BuiltIn
{
    /// <summary>One builder for each family.</summary>
    public static IReadOnlyList<IModelArchitecture> Architectures { get; } =
    [
        new Bert(), new ChatGlm(), new Cohere2(), new CommandR(), new DeepSeek2(), new Gemma(), new Gemma2(), new Gemma3(), new Glm4(), new GptOss(), new Granite(), new Llama(), new Mistral(), new Mixtral(), new ModernBert(), new NomicBert(), new Olmo2(),
        new Phi2(), new Phi3(), new Qwen2(), new Qwen3(), new Qwen3Moe(), new SmolLm3(), new StableLm(), new StarCoder2(),
    ];

    /// <summary>The builder of a model's family.</summary>
    /// <param name="metadata">The model's numbers.</param>
    /// <param name="architectures">The builders to look through; a later one wins.</param>
    /// <exception cref="UnsupportedModelException">No builder has the architecture's name; the text lists those that there are.</exception>
    public static IModelArchitecture Find(ModelMetadata metadata, IReadOnlyList<IModelArchitecture> architectures)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(architectures);
        return architectures.LastOrDefault(a => a.Builds(metadata))
            ?? throw new UnsupportedModelException(
                $"architecture '{metadata.Architecture}' is not available; there are: {string.Join(", ", architectures.SelectMany(a => a.Names).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}");
    }
}
