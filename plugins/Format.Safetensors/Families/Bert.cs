using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>BERT (BertConfig); its classifier reads the first token through the pooler.</summary>
internal sealed class Bert : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["BertModel", "BertForMaskedLM", "BertForPreTraining", "BertForSequenceClassification"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["bert"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        EncoderConfig c = new(input, new EncoderKeys { Vocabulary = 30_522 });
        RequireAbsolutePositions(c.Section);
        return new FamilyModel(c.Metadata("bert", c.Positions, c.Pooling(PoolingKind.First, Activation.Tanh)), map =>
        {
            EncoderMap encoder = new(map, "embeddings.word_embeddings.weight", "bert.");
            encoder.AddBertEmbeddings();
            encoder.AddBertLayers(c.Layers);
            if (!c.IsClassifier)
            {
                encoder.Ignore("pooler.dense");
                return;
            }
            encoder.Add("pooler.dense", "cls");
            encoder.AddBeside("classifier", "cls.output");
        });
    }

    /// <summary>Refuses the variants of BERT's attention that look at distances.</summary>
    public static void RequireAbsolutePositions(JsonSection config)
    {
        if (config.Text("position_embedding_type") is { } type and not "absolute")
            throw config.Bad("position_embedding_type", "absolute", $"'{Errors.Readable(type)}', which is not available");
    }
}
