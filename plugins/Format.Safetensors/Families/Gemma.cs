using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Gemma (GemmaConfig): norm weights stored as w that mean 1 + w, embeddings scaled by the root of the width.</summary>
internal sealed class Gemma : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["GemmaForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["gemma"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        // hidden_act of the first files says gelu, which was never used.
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 256_000, Width = 3072, Inner = 24_576, Layers = 28, Heads = 16, KeyHeads = 16, HeadLength = 256, Context = 8192, ActivationKey = "hidden_activation", Activation = "gelu_pytorch_tanh", Tied = true,
        })
        { NormWeightsAreOffsets = true };
        c.RequireActivation("gelu_pytorch_tanh");
        c.Refuse("use_bidirectional_attention", "attention in both directions");
        bool bias = c.Flag("attention_bias", false);
        return new FamilyModel(c.Metadata("gemma"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias, bias);
                layer.GatedFeedForward();
            }
        });
    }
}
