using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Command R7B and Command A (Cohere2Config): a window and rotation on three layers of four, neither on the fourth.</summary>
internal sealed class Cohere2 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Cohere2ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["cohere2"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 256_000, Width = 8192, Inner = 22_528, Layers = 40, Heads = 64, Context = 8192, EpsilonKey = "layer_norm_eps", Epsilon = 1e-5, Tied = true, Window = 4096, Pairing = RopePairing.Interleaved,
        });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false);
        int period = c.Integer("sliding_window_pattern", 4, 1);
        c.SetWindow(c.Window(), i => (i + 1) % period != 0);
        c.Extra["logit_scale"] = c.Section.Number("logit_scale") ?? 0.0625;
        return new FamilyModel(c.Metadata("cohere2"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("input_layernorm", "attn_norm");
                layer.Attention(bias, bias);
                layer.GatedFeedForward();
            }
        });
    }
}
