using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>gpt-oss (GptOssConfig): attention sinks, biases, every other layer with a window, and experts whose gate and up rows stand by turns.</summary>
internal sealed class GptOss : IFamily
{
    private const double Alpha = 1.702;
    private const string Experts = "mlp.experts";

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["GptOssForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["gpt_oss"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 201_088, Width = 2880, Inner = 2880, Layers = 36, Heads = 64, KeyHeads = 8, HeadLength = 64, Context = 131_072, Epsilon = 1e-5, Window = 128, RopeBase = 150_000,
        })
        { GateUpRowsAlternate = true };
        c.RequireActivation("silu");
        if (c.Number("swiglu_alpha", Alpha) != Alpha)
            throw new UnsupportedModelException($"safetensors: {c.Section.Path}: swiglu_alpha: only {Alpha} is available for this family");
        if (!c.Flag("attention_bias", true))
            throw new UnsupportedModelException($"safetensors: {c.Section.Path}: attention_bias: attention without biases is not available for this family");
        if (!c.Section.Has("rope_parameters") && !c.Section.Has("rope_scaling"))
            c.Rope = c.Rope with { Scaling = RopeScaling.Yarn, Factor = 32, OriginalContextLength = 4096, FractionalRamp = true };
        c.SetWindow(c.Window(), i => i % 2 == 0);
        int experts = c.Section.Has("num_local_experts") ? c.Integer("num_local_experts", 0, 1, 4096) : c.Integer("num_experts", 128, 1, 4096);
        c.Extra["expert_count"] = experts;
        c.Extra["expert_used_count"] = c.Integer("num_experts_per_tok", c.Integer("experts_per_token", 4, 1, experts), 1, experts);
        c.Extra["swiglu_limit"] = c.Number("swiglu_limit", 7) ?? 0;
        return new FamilyModel(c.Metadata("gpt-oss"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("input_layernorm", "attn_norm");
                layer.Add("post_attention_layernorm", "post_attention_norm");
                layer.Attention(bias: true, outputBias: true);
                layer.AddTensor("self_attn.sinks", "attn_sinks.weight");
                layer.Add("mlp.router", "ffn_gate_inp", bias: true);
                AddExperts(layer);
            }
        });
    }

    private static void AddExperts(LayerMap layer)
    {
        if (layer.Has($"{Experts}.gate_proj.weight"))
        {
            layer.Add($"{Experts}.gate_proj", "ffn_gate_exps", bias: true);
            layer.Add($"{Experts}.up_proj", "ffn_up_exps", bias: true);
            layer.Add($"{Experts}.down_proj", "ffn_down_exps", bias: true);
            return;
        }
        foreach (string name in (ReadOnlySpan<string>)["gate_up", "down"])
        {
            // Experts that are not quantized are matrices of inputs × outputs.
            if (layer.Has($"{Experts}.{name}_proj"))
                layer.AddTransposed($"{Experts}.{name}_proj", $"ffn_{name}_exps.weight");
            else
                layer.AddTensor($"{Experts}.{name}_proj.weight", $"ffn_{name}_exps.weight");
            layer.AddTensor($"{Experts}.{name}_proj_bias", $"ffn_{name}_exps.bias");
        }
    }
}
