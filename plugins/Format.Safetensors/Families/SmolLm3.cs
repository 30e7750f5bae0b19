using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>SmolLM3 (SmolLM3Config): as Llama, and every fourth layer, or those that the file names, does not rotate.</summary>
internal sealed class SmolLm3 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["SmolLM3ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["smollm3"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 128_256, Width = 2048, Inner = 11_008, Layers = 36, Heads = 16, KeyHeads = 4, Context = 32_768, Tied = true, RopeBase = 2e6 });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false), feedForwardBias = c.Flag("mlp_bias", false);
        int interval = c.Integer("no_rope_layer_interval", 4, 1);
        double[] rotates = c.Section.Numbers("no_rope_layers") ?? [.. Enumerable.Range(0, c.Layers).Select(i => (i + 1) % interval != 0 ? 1.0 : 0)];
        if (rotates.Length < c.Layers || rotates.Any(r => r is not (0 or 1)))
            throw c.Section.Bad("no_rope_layers", $"0 or 1 for each of {c.Layers} layers", $"{rotates.Length} values");
        rotates = rotates[..c.Layers];
        c.Lists["rope.layers"] = rotates;
        if (c.Flag("use_sliding_window", false))
            c.SetWindow(c.Window(), i => rotates[i] == 0);
        return new FamilyModel(c.Metadata("smollm3"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias, bias);
                layer.GatedFeedForward(feedForwardBias);
            }
        });
    }
}
