using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Granite 3 (IBM; Hugging Face GraniteForCausalLM): as Llama, with factors on embeddings, scores, both blocks and logits (a divisor).</summary>
public sealed class Granite : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["granite"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        float residual = Hyperparameters.Factor(m, "residual_scale", 1);
        bool rotates = Hyperparameters.Extra(m, "rope.scaling.finetuned", 1, 0, 1) != 0;
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed(Hyperparameters.Factor(m, "embedding_scale", 1));
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            if (rotates)
                a = layer.Rotate(a, rope);
            GraphValue h = layer.AttentionOutput(layer.Attend(a));
            x = layer.Add("attn_add", x, layer.Scale("attn_scale", h, residual));
            h = layer.GatedFeedForward(layer.RmsNorm("ffn_norm", x), Activation.Silu);
            x = layer.Add("ffn_add", x, layer.Scale("ffn_scale", h, residual));
        }
        return model.Finish(model.RmsNorm(x), 1 / Hyperparameters.NeededFactor(m, "logit_scale"));
    }
}
