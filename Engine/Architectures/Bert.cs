using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>
/// BERT (arXiv 1810.04805), RoBERTa (arXiv 1907.11692) and XLM-R (arXiv 1911.02116): embeddings of tokens, positions and types; rows see their whole sequence; sums are normalized.
/// RoBERTa's positions begin behind the padding token's id: <c>position_offset</c> rows of their embedding are no position's.
/// </summary>
public sealed class Bert : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["bert"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        if (contextLength > m.ContextLength)
            throw new UnsupportedModelException($"{m.Architecture}: a context of {contextLength} is asked for; the model has an embedding for {m.ContextLength} positions");
        int offset = (int)Hyperparameters.Extra(m, "position_offset", 0, 0, m.ContextLength);
        GraphValue x = EncoderLayers.TokenTypes(model, model.Embed());
        WeightTensor positions = model.Graph.Weight("position_embd.weight", m.ContextLength + (long)offset, model.Width);
        x = model.Graph.Sum("position_embd_add", x, model.Graph.Embed("position_embd", positions, EmbedIndex.Position, offset));
        x = EncoderLayers.EmbeddingNorm(model, x);
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            GraphValue h = layer.AttentionOutput(layer.AttendBothWays(layer.Project(x)));
            x = layer.LayerNorm("attn_output_norm", layer.Add("attn_add", x, h));
            h = layer.FeedForward(x, model.Activation(Activation.Gelu));
            x = layer.LayerNorm("layer_output_norm", layer.Add("ffn_add", x, h));
        }
        return model.FinishEncoder(x);
    }
}
