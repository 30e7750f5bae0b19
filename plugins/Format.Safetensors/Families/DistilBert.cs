using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>DistilBERT (arXiv 1910.01108): BERT without token types, with a classifier of its own.</summary>
internal sealed class DistilBert : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["DistilBertModel", "DistilBertForMaskedLM", "DistilBertForSequenceClassification"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["distilbert"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        EncoderConfig c = new(input, new EncoderKeys { Vocabulary = 30_522, Layers = 6, WidthKey = "dim", InnerKey = "hidden_dim", LayersKey = "n_layers", HeadsKey = "n_heads", ActivationKey = "activation" });
        return new FamilyModel(c.Metadata("bert", c.Positions, c.Pooling(PoolingKind.First, Activation.Relu)), map =>
        {
            EncoderMap encoder = new(map, "embeddings.word_embeddings.weight", "distilbert.");
            encoder.AddTensor("embeddings.position_embeddings.weight", "position_embd.weight");
            encoder.AddNorm("embeddings.LayerNorm", "token_embd_norm");
            for (int i = 0; i < c.Layers; i++)
            {
                string stored = $"transformer.layer.{i}.", canonical = $"blk.{i}.";
                encoder.Add($"{stored}attention.q_lin", $"{canonical}attn_q");
                encoder.Add($"{stored}attention.k_lin", $"{canonical}attn_k");
                encoder.Add($"{stored}attention.v_lin", $"{canonical}attn_v");
                encoder.Add($"{stored}attention.out_lin", $"{canonical}attn_output");
                encoder.AddNorm($"{stored}sa_layer_norm", $"{canonical}attn_output_norm");
                encoder.Add($"{stored}ffn.lin1", $"{canonical}ffn_up");
                encoder.Add($"{stored}ffn.lin2", $"{canonical}ffn_down");
                encoder.AddNorm($"{stored}output_layer_norm", $"{canonical}layer_output_norm");
            }
            if (!c.IsClassifier)
                return;
            encoder.AddBeside("pre_classifier", "cls");
            encoder.AddBeside("classifier", "cls.output");
        });
    }
}
