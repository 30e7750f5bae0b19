using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Ministral 3 and Devstral 2 (Ministral3Config): as Mistral, with YaRN; queries that grow with their position, which the class has by default, are not available.</summary>
internal sealed class Ministral3 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Ministral3ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["ministral3"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        if (!input.Config.Has("rope_parameters") && !input.Config.Has("rope_scaling"))
            throw input.Config.Bad("rope_parameters", "an object with llama_4_scaling_beta 0", "nothing, for which the class takes 0.1");
        return Mistral.Read(input, new DecoderDefaults { Vocabulary = 131_072, Width = 4096, Inner = 14_336, Layers = 34, Heads = 32, KeyHeads = 8, HeadLength = 128, Context = 262_144, Epsilon = 1e-5, RopeBase = 1e6 });
    }
}
