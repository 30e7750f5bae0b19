using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>GLM-4 of June 2024 and ChatGLM 3 (arXiv 2406.12793; Hugging Face GlmForCausalLM): as Llama, with biases on queries, keys and values, mostly fused, and fused SwiGLU; part of each head rotates.</summary>
public sealed class ChatGlm : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["chatglm"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(a, rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.RmsNorm("ffn_norm", x);
            x = layer.Add("ffn_add", x, layer.FusedGatedFeedForward(h, Activation.Silu));
        }
        return model.Finish(model.RmsNorm(x));
    }
}
