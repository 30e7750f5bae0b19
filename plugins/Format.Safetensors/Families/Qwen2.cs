using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Qwen2 and Qwen2.5 (Qwen2Config): as Llama, with biases on queries, keys and values; the upper layers may have a window.</summary>
internal sealed class Qwen2 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Qwen2ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["qwen2"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 151_936, Width = 4096, Inner = 22_016, Layers = 32, Heads = 32, KeyHeads = 32, Context = 32_768, Window = 4096 });
        c.RequireActivation("silu");
        if (c.Flag("use_sliding_window", false))
            c.SetWindow(c.Window(), i => i >= c.WindowLayers);
        return new FamilyModel(c.Metadata("qwen2"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias: true, outputBias: false);
                layer.GatedFeedForward();
            }
        });
    }
}
