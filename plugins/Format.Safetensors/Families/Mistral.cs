using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Mistral 7B and its successors (MistralConfig): as Llama, and every layer has the window, where there is one.</summary>
internal sealed class Mistral : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["MistralForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["mistral"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input) =>
        Read(input, new DecoderDefaults { Vocabulary = 32_000, Width = 4096, Inner = 14_336, Layers = 32, Heads = 32, KeyHeads = 8, Context = 131_072, Window = 4096 });

    /// <summary>Reads a configuration of a class with the same layers.</summary>
    public static FamilyModel Read(FamilyInput input, DecoderDefaults defaults)
    {
        DecoderConfig c = new(input, defaults);
        c.RequireActivation("silu");
        c.Attention = c.Attention with { SlidingWindow = c.Window() };
        return new FamilyModel(c.Metadata("llama"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias: false, outputBias: false);
                layer.GatedFeedForward();
            }
        });
    }
}
