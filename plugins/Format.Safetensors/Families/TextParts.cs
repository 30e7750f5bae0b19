using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>A multimodal class: which classes its text part may be of.</summary>
/// <param name="Default">The text part's <c>model_type</c> where the file names none.</param>
/// <param name="Fixed">Whether it is always of that one; else it may be any decoder's.</param>
internal sealed record TextWrapper(string Default, bool Fixed = false);

/// <summary>Multimodal models whose text part is one of the families. The part is in <c>text_config</c>, or, in older files of some, not parted from the rest.</summary>
internal static class TextParts
{
    private const string TypeKey = "model_type", TextKey = "text_config";

    private static readonly DecoderDefaults Qwen2Vl = new()
    {
        Vocabulary = 152_064, Width = 8192, Inner = 29_568, Layers = 80, Heads = 64, KeyHeads = 8, Context = 32_768, Epsilon = 1e-5, Window = 4096, WindowLayers = 80, RopeBase = 1e6,
    };

    /// <summary>Text parts' types that are no family's own, with the family that has their layers and what their class takes where the file is silent.</summary>
    private static readonly Dictionary<string, (string Family, DecoderDefaults Defaults)> Types = new(StringComparer.Ordinal)
    {
        ["glm4v_text"] = ("glm4", new() { Vocabulary = 151_552, Width = 4096, Inner = 13_696, Layers = 40, Heads = 32, KeyHeads = 2, Context = 32_768, Epsilon = 1e-5 }),
        ["qwen2_5_vl_text"] = ("qwen2", Qwen2Vl),
        ["qwen2_vl_text"] = ("qwen2", Qwen2Vl),
        // The base of the releases that the models came with; later ones of the library take 500000.
        ["qwen3_vl_text"] = ("qwen3", new() { Vocabulary = 151_936, Width = 4096, Inner = 22_016, Layers = 32, Heads = 32, KeyHeads = 32, HeadLength = 128, Context = 128_000, RopeBase = 5e6 }),
    };

    /// <summary>The multimodal classes.</summary>
    public static IReadOnlyDictionary<string, TextWrapper> Wrappers { get; } = new Dictionary<string, TextWrapper>(StringComparer.Ordinal)
    {
        ["AyaVisionForConditionalGeneration"] = new("cohere2"),
        ["Gemma3ForConditionalGeneration"] = new("gemma3_text", Fixed: true),
        ["Glm4vForConditionalGeneration"] = new("glm4v_text", Fixed: true),
        ["Idefics3ForConditionalGeneration"] = new("llama"),
        ["InternVLForConditionalGeneration"] = new("qwen2"),
        ["LlavaForConditionalGeneration"] = new("llama"),
        ["LlavaNextForConditionalGeneration"] = new("llama"),
        ["Mistral3ForConditionalGeneration"] = new("mistral"),
        ["Qwen2VLForConditionalGeneration"] = new("qwen2_vl_text", Fixed: true),
        ["Qwen2_5_VLForConditionalGeneration"] = new("qwen2_5_vl_text", Fixed: true),
        ["Qwen3VLForConditionalGeneration"] = new("qwen3_vl_text", Fixed: true),
        ["SmolVLMForConditionalGeneration"] = new("llama"),
    };

    /// <summary>Reads the text part.</summary>
    /// <param name="input">The whole configuration.</param>
    /// <param name="wrapper">Its class.</param>
    /// <param name="decoders">The families that a text part may be of.</param>
    /// <exception cref="ModelFormatException">The part is of another type; the text lists those that there are.</exception>
    public static FamilyModel Read(FamilyInput input, TextWrapper wrapper, IReadOnlyList<IFamily> decoders)
    {
        // Without a part of its own, the type at hand is the whole model's.
        JsonSection? part = input.Config.Section(TextKey);
        string type = part?.Text(TypeKey) ?? wrapper.Default;
        (string family, DecoderDefaults? defaults) = Types.TryGetValue(type, out (string, DecoderDefaults) own) ? own : (type, null);
        IFamily? found = wrapper.Fixed && type != wrapper.Default ? null : decoders.FirstOrDefault(f => f.ModelTypes.Contains(family));
        return found is null
            ? throw part!.Bad(TypeKey, string.Join(", ", wrapper.Fixed ? [wrapper.Default] : decoders.SelectMany(f => f.ModelTypes).Concat(Types.Keys).Order(StringComparer.Ordinal)), $"'{Errors.Readable(type)}', which is not available as a text part")
            : found.Read(input with { Config = part ?? input.Config, Outer = input.Config, TextDefaults = defaults });
    }
}
