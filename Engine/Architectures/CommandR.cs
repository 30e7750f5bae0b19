using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Command-R and Command-R+ (Cohere; Hugging Face CohereForCausalLM): layer norm without bias, attention beside SwiGLU on the same norm, scaled logits; the larger ones have a layer norm on each query and key head.</summary>
public sealed class CommandR : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["command-r"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            GraphValue h = layer.LayerNorm("attn_norm", x);
            Qkv a = layer.LayerNormHeads(layer.Project(h));
            a = layer.Rotate(a, rope);
            GraphValue attention = layer.AttentionOutput(layer.Attend(a));
            GraphValue feedForward = layer.GatedFeedForward(h, Activation.Silu);
            x = layer.Add("attn_add", layer.Add("ffn_add", x, feedForward), attention);
        }
        return model.Finish(model.LayerNorm(x), Hyperparameters.Factor(model.Metadata, "logit_scale", 1));
    }
}
