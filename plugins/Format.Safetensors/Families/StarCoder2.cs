using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>StarCoder2 (Starcoder2Config): layer norms, biases, a plain feed-forward.</summary>
internal sealed class StarCoder2 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Starcoder2ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["starcoder2"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 49_152, Width = 3072, Inner = 12_288, Layers = 30, Heads = 24, KeyHeads = 2, Context = 4096, EpsilonKey = "norm_epsilon", Epsilon = 1e-5, Activation = "gelu_pytorch_tanh", Tied = true,
        });
        c.RequireActivation("gelu_pytorch_tanh", "gelu_new");
        if (!c.Flag("use_bias", true))
            throw new UnsupportedModelException($"safetensors: {c.Section.Path}: use_bias: a model without biases is not available for this family");
        c.Attention = c.Attention with { SlidingWindow = c.Window() };
        return new FamilyModel(c.Metadata("starcoder2"), map =>
        {
            map.AddEnds(c.Tied, normBias: true);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm", bias: true);
                layer.Attention(bias: true, outputBias: true);
                layer.Add("mlp.c_fc", "ffn_up", bias: true);
                layer.Add("mlp.c_proj", "ffn_down", bias: true);
            }
        });
    }
}
