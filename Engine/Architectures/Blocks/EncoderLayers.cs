namespace Tessera.Engine.Architectures.Blocks;

/// <summary>What encoders have in front of their layers.</summary>
internal static class EncoderLayers
{
    /// <summary>x and the embedding of each token's type, where the file has one.</summary>
    public static GraphValue TokenTypes(Decoder model, GraphValue x)
    {
        if (!model.Graph.Has("token_types.weight"))
            return x;
        WeightTensor types = model.Graph.Matrix("token_types.weight", model.Width);
        return model.Graph.Sum("token_types_add", x, model.Graph.Embed("token_types", types, EmbedIndex.TokenType));
    }

    /// <summary>The layer norm of the embeddings, with a bias where the file has one.</summary>
    public static GraphValue EmbeddingNorm(Decoder model, GraphValue x) =>
        model.Graph.LayerNorm("token_embd_norm", x, model.Graph.Weight("token_embd_norm.weight", model.Width), model.Bias("token_embd_norm", model.Width), model.Metadata.NormEpsilon);
}
