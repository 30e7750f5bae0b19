using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Phi-1, Phi-1.5 and Phi-2 (PhiConfig): layer norms and biases everywhere, attention beside the feed-forward; a part of each head rotates.</summary>
internal sealed class Phi : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["PhiForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["phi"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 51_200, Width = 2048, Inner = 8192, Layers = 24, Heads = 32, Context = 2048, EpsilonKey = "layer_norm_eps", Epsilon = 1e-5, Activation = "gelu_new", PartialRotary = 0.5,
        });
        c.RequireActivation("gelu_new", "gelu_pytorch_tanh");
        c.Refuse("qk_layernorm", "a norm of queries and keys");
        return new FamilyModel(c.Metadata("phi2"), map =>
        {
            map.AddEnds(c.Tied, normBias: true, headBias: true, norm: "final_layernorm");
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("input_layernorm", "attn_norm", bias: true);
                layer.Attention(bias: true, outputBias: true, output: "dense");
                layer.Add("mlp.fc1", "ffn_up", bias: true);
                layer.Add("mlp.fc2", "ffn_down", bias: true);
            }
        });
    }
}
