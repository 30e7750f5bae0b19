using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>nomic-embed (arXiv 2402.01613): as BERT, with rotations in place of positions and a gated feed-forward, without biases.</summary>
public sealed class NomicBert : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["nomic-bert"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        GraphValue x = EncoderLayers.EmbeddingNorm(model, EncoderLayers.TokenTypes(model, model.Embed()));
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            GraphValue h = layer.AttentionOutput(layer.AttendBothWays(layer.Rotate(layer.Project(x), rope)));
            x = layer.LayerNorm("attn_output_norm", layer.Add("attn_add", x, h));
            h = layer.GatedFeedForward(x, model.Activation(Activation.Silu));
            x = layer.LayerNorm("layer_output_norm", layer.Add("ffn_add", x, h));
        }
        return model.FinishEncoder(x);
    }
}
