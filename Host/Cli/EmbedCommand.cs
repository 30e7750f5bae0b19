using System.CommandLine;
using System.Text.Json;
using Tessera.Engine.Embeddings;
using Tessera.Host.Api;

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
        command.Do((result, _) => VectorLines.RunAsync(result.GetValue(model)!, result.GetValue(config), result.GetValue(activations), result.GetValue(context), m => m.WhyNoEmbeddings, Answer));
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
        if (fields.Get("ids") is { } given)
            return fields.Get("text") is null ? TokenIds.Read(given, "ids", lines.VocabularySize) : throw ApiException.Invalid("ids", "either ids or a text", "both");
        string text = fields.String("text") ?? throw ApiException.Invalid("text", "a text, or ids", "nothing");
        return lines.Texts.Encoder.Encode(lines.Texts.WithPrompt(text, fields.String("prompt_name")), lines.Texts.Cut);
    }
}
