using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>RoBERTa, XLM-R and CamemBERT: BERT whose positions begin behind the padding token's id, and whose classifier has a dense layer of its own.</summary>
internal sealed class Roberta : IFamily
{
    private const int Padding = 1;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } =
    [
        "CamembertForMaskedLM", "CamembertForSequenceClassification", "CamembertModel", "RobertaForMaskedLM", "RobertaForSequenceClassification", "RobertaModel",
        "XLMRobertaForMaskedLM", "XLMRobertaForSequenceClassification", "XLMRobertaModel",
    ];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["camembert", "roberta", "xlm-roberta"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        EncoderConfig c = new(input, new EncoderKeys { Vocabulary = input.Config.Text("model_type") == "roberta" ? 50_265 : 30_522 });
        Bert.RequireAbsolutePositions(c.Section);
        int offset = (c.Section.Integer("pad_token_id", 0, c.Vocabulary - 1) ?? Padding) + 1;
        if (offset >= c.Positions)
            throw c.Section.Bad("max_position_embeddings", $"more than pad_token_id + 1 ({offset})", $"{c.Positions}");
        ModelMetadata metadata = c.Metadata("bert", c.Positions - offset, c.Pooling(PoolingKind.First, Activation.Tanh), extra: new() { ["position_offset"] = offset });
        return new FamilyModel(metadata, map =>
        {
            EncoderMap encoder = new(map, "embeddings.word_embeddings.weight", "roberta.");
            encoder.AddBertEmbeddings();
            encoder.AddBertLayers(c.Layers);
            encoder.Ignore("pooler.dense");
            if (!c.IsClassifier)
                return;
            encoder.AddBeside("classifier.dense", "cls");
            encoder.AddBeside("classifier.out_proj", "cls.output");
        });
    }
}
