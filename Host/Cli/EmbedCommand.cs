using System.CommandLine;
using System.Text.Json;
using Tessera.Engine.Embeddings;
using Tessera.Host.Api;
using Tessera.Host.Api.Embeddings;

namespace Tessera.Host.Cli;

/// <summary><c>tessera embed</c>: texts or ids to embeddings, as JSON lines.</summary>
internal static class EmbedCommand
{
    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string?> config = CommandParts.Config();
        Option<ActivationPrecision> activations = CommandParts.Activations();
        Option<int?> context = CommandParts.Context();
        Command command = new("embed", "Reads {\"text\", \"prompt_name\"} or {\"ids\"} lines and writes {\"ids\", \"embedding\"} lines; a text is cut to what the model takes.") { model, config, activations, context };
        command.Do((result, _) => VectorLines.RunAsync(result.GetValue(model)!, result.GetValue(config), result.GetValue(activations), result.GetValue(context), needsTokenizer: false, m => m.WhyNoEmbeddings, Answer));
        return command;
    }

    private static void Answer(JsonElement line, VectorLines lines, Utf8JsonWriter w)
    {
        FieldReader fields = new(line);
        int[] ids = Ids(fields, lines);
        IReadOnlyList<float> pooled = lines.Pool([TextModel.Request(ids)])[0];
        w.WriteStartArray("ids");
        foreach (int id in ids)
            w.WriteNumberValue(id);
        w.WriteEndArray();
        w.WriteStartArray("embedding");
        foreach (float value in Vectors.Embedding(pooled, pooled.Count, lines.Texts.Pooling.Normalizes))
            w.WriteNumberValue(value);
        w.WriteEndArray();
    }

    private static int[] Ids(in FieldReader fields, VectorLines lines)
    {
        TextModel model = lines.Texts;
        string? text = fields.String("text"), prompt = fields.String("prompt_name");
        if (fields.Get("ids") is not { } given)
            return TokenIds.Check(Some(model.Encoder.Encode(EmbeddingRequest.Prompted(model, text ?? throw ApiException.Invalid("text", "a text, or ids", "nothing"), prompt), model.Cut), "text"), "text", lines.VocabularySize);
        if (text is not null)
            throw ApiException.Invalid("ids", "either ids or a text", "both");
        if (prompt is not null)
            throw ApiException.Invalid("prompt_name", "a text to put a prompt in front of", "ids");
        int[] ids = Some(TokenIds.Read(given, "ids", lines.VocabularySize), "ids");
        return ids.Length <= model.Longest ? ids : throw ApiException.Invalid("ids", $"at most {model.Longest} tokens, as many as the model takes", $"{ids.Length}");
    }

    private static int[] Some(int[] ids, string field) => ids.Length > 0 ? ids : throw ApiException.Invalid(field, "at least one token", "none");
}
