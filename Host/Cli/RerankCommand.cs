using System.CommandLine;
using System.Text.Json;
using Tessera.Host.Api;
using Tessera.Host.Api.Embeddings;

namespace Tessera.Host.Cli;

/// <summary><c>tessera rerank</c>: a query and documents to scores, as JSON lines.</summary>
internal static class RerankCommand
{
    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string?> config = CommandParts.Config();
        Option<ActivationPrecision> activations = CommandParts.Activations();
        Option<int?> context = CommandParts.Context();
        Command command = new("rerank", "Reads {\"query\", \"documents\"} lines and writes {\"scores\"} lines: each document's logit, in the documents' order.") { model, config, activations, context };
        command.Do((result, _) => VectorLines.RunAsync(result.GetValue(model)!, result.GetValue(config), result.GetValue(activations), result.GetValue(context), needsTokenizer: true, m => m.WhyNoScores, Answer));
        return command;
    }

    private static void Answer(JsonElement line, VectorLines lines, Utf8JsonWriter w)
    {
        FieldReader fields = new(line);
        string query = fields.String("query") ?? throw ApiException.Invalid("query", "a text", "nothing");
        List<string> documents = RerankRequest.ReadDocuments(fields, int.MaxValue);
        w.WriteStartArray("scores");
        foreach (IReadOnlyList<float> scores in lines.Pool([.. RerankRequest.EncodePairs(lines.Texts, query, documents).Select(lines.Texts.Request)]))
            w.WriteNumberValue(scores[0]);
        w.WriteEndArray();
    }
}
