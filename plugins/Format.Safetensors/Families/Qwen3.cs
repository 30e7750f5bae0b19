using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Qwen3, the dense ones (Qwen3Config): norms of each query and key head; the upper layers may have a window.</summary>
internal sealed class Qwen3 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Qwen3ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["qwen3"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 151_936, Width = 4096, Inner = 22_016, Layers = 32, Heads = 32, KeyHeads = 32, HeadLength = 128, Context = 32_768, Window = 4096 });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false);
        if (c.Flag("use_sliding_window", false))
            c.SetWindow(c.Window(), i => i >= c.WindowLayers);
        return new FamilyModel(c.Metadata("qwen3"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias, bias);
                layer.Add("self_attn.q_norm", "attn_q_norm");
                layer.Add("self_attn.k_norm", "attn_k_norm");
                layer.GatedFeedForward();
            }
        });
    }
}
