namespace Tessera.Engine.Architectures;

/// <summary>The model families that come with Engine; a plugin may bring more.</summary>
public static class BuiltIn
{
    /// <summary>One builder for each family.</summary>
    public static IReadOnlyList<IModelArchitecture> Architectures { get; } =
    [
        new Cohere2(), new CommandR(), new DeepSeek2(), new Gemma(), new Gemma2(), new Gemma3(), new Glm4(), new GptOss(), new Granite(), new Llama(), new Mistral(), new Olmo2(),
        new Phi2(), new Phi3(), new Qwen2(), new Qwen3(), new Qwen3Moe(), new SmolLm3(), new StableLm(), new StarCoder2(),
    ];

    /// <summary>The builder of an architecture.</summary>
    /// <param name="name">The architecture's name in GGUF's words.</param>
    /// <param name="architectures">The builders to look through; a later one wins.</param>
    /// <exception cref="UnsupportedModelException">No builder has this name; the text lists those that there are.</exception>
    public static IModelArchitecture Find(string name, IReadOnlyList<IModelArchitecture> architectures)
    {
        ArgumentNullException.ThrowIfNull(architectures);
        return architectures.LastOrDefault(a => a.Names.Contains(name, StringComparer.Ordinal))
            ?? throw new UnsupportedModelException($"architecture '{name}' is not available; there are: {string.Join(", ", architectures.SelectMany(a => a.Names).Order(StringComparer.Ordinal))}");
    }
}
