namespace Tessera.Format.Safetensors.Families;

/// <summary>Finds the family of a configuration.</summary>
internal static class FamilyTable
{
    private const string ClassesKey = "architectures", TypeKey = "model_type";
    private const int MostNamed = 8;

    private static readonly IReadOnlyList<IFamily> Decoders =
    [
        new Cohere(), new Cohere2(), new DeepSeekV2(), new DeepSeekV3(), new Gemma(), new Gemma2(), new Gemma3(), new Glm(), new Glm4(), new GptOss(), new Granite(), new Llama(), new Ministral3(), new Mistral(), new Mixtral(), new Olmo2(), new Olmo3(),
        new Phi(), new Phi3(), new Qwen2(), new Qwen3(), new Qwen3Moe(), new SmolLm3(), new StableLm(), new StarCoder2(),
    ];

    private static readonly IReadOnlyList<IFamily> Encoders = [new Bert(), new DistilBert(), new ModernBert(), new NomicBert(), new Roberta()];

    private static readonly IReadOnlyList<IFamily> All = [.. Decoders, .. Encoders];

    /// <summary>Reads a configuration with the family that it names.</summary>
    /// <param name="config">config.json.</param>
    /// <param name="sampling">What generation_config.json recommends.</param>
    /// <param name="pooling">How the folder makes vectors of texts.</param>
    /// <param name="problems">Becomes the metadata's problems.</param>
    /// <exception cref="ModelFormatException">No family, or an unknown one, is named; the text lists those that there are. Or a field is wrong.</exception>
    /// <exception cref="UnsupportedModelException">A variant that the family's graph does not have.</exception>
    public static FamilyModel Read(JsonSection config, SamplingDefaults sampling, PoolingMetadata pooling, List<string> problems)
    {
        IReadOnlyList<string> classes = config.Texts(ClassesKey) ?? [];
        string? type = config.Text(TypeKey);
        FamilyInput input = new(config, sampling, pooling, problems);
        foreach (string name in classes)
        {
            if (All.FirstOrDefault(f => f.Classes.Contains(name)) is { } family)
                return family.Read(input);
            if (TextParts.Wrappers.TryGetValue(name, out TextWrapper? wrapper))
                return TextParts.Read(input, wrapper, Decoders);
        }
        foreach (string name in classes)
            if (HeadlessDecoders.TryRead(name, input, Decoders) is { } headless)
                return headless;
        if (classes.Count == 0 && type is not null && Typed(type) is { } typed)
            return typed.Read(input);
        throw config.Bad(classes.Count > 0 ? ClassesKey : TypeKey,
            $"one of {string.Join(", ", All.SelectMany(f => f.Classes).Concat(TextParts.Wrappers.Keys).Order(StringComparer.Ordinal))}",
            classes.Count > 0 ? string.Join(", ", classes.Take(MostNamed).Select(c => $"'{Errors.Readable(c)}'")) : type is null ? $"neither {ClassesKey} nor {TypeKey}" : $"{TypeKey} '{Errors.Readable(type)}'");
    }

    private static IFamily? Typed(string type) => All.FirstOrDefault(f => f.ModelTypes.Contains(type));
}
