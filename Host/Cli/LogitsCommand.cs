using System.CommandLine;
using System.Text.Json;
using Tessera.Engine.Evaluation;
using Tessera.Host.Api;
using Tessera.Host.Configuration;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera logits</c>: ids to logits and greedy continuations, as JSON lines. Needs no tokenizer.</summary>
internal static class LogitsCommand
{
    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string?> config = CommandParts.Config();
        Option<ActivationPrecision> activations = CommandParts.Activations();
        Option<int?> context = CommandParts.Context();
        Command command = new("logits", "Reads {\"tokens\", \"positions\", \"greedy\": N} lines and writes {\"logits\": [[…]], \"greedy\": […]} lines; adds no BOS and does not stop at end tokens.") { model, config, activations, context };
        command.Do((result, _) => RunAsync(result.GetValue(model)!, result.GetValue(config), result.GetValue(activations), result.GetValue(context)));
        return command;
    }

    private static async Task<int> RunAsync(string model, string? config, ActivationPrecision activations, int? context)
    {
        await using HostSession session = HostSession.Open(config, model);
        ModelConfiguration entry = session.Model with { Activations = activations, Context = context ?? session.Model.Context };
        using OpenModel open = session.OpenFiles(entry.Path);
        BuiltRuntime built = session.BuildRuntime(open, entry);
        using IModelRuntime runtime = built.Runtime;
        using SequenceEvaluator evaluator = new(entry.Name, built.Graph, runtime, built.Limits, entry.Context);
        using TextReader input = JsonLines.StandardInput();
        using Stream output = Console.OpenStandardOutput();
        JsonLines.Run(input, output, (line, w) => Answer(line, evaluator, built.Graph.VocabularySize, w));
        return Terminal.Done;
    }

    private static void Answer(JsonElement line, SequenceEvaluator evaluator, int vocabulary, Utf8JsonWriter w)
    {
        FieldReader fields = new(line);
        int[] tokens = TokenIds.Read(fields.Get("tokens") ?? throw ApiException.Invalid("tokens", "an array of token ids", "nothing"), "tokens", vocabulary);
        int[] positions = fields.Get("positions") is { } wanted ? TokenIds.Read(wanted, "positions", tokens.Length, "a position") : tokens.Length > 0 ? [tokens.Length - 1] : [];
        int greedy = (int)(fields.Integer("greedy", 0, int.MaxValue) ?? 0);
        Dictionary<int, float[]> rows = [];
        int[] continuation = evaluator.Evaluate(tokens, positions, (position, logits) => rows[position] = logits.ToArray(), greedy);
        w.WriteStartArray("logits");
        foreach (int position in positions)
        {
            w.WriteStartArray();
            foreach (float logit in rows[position])
                w.WriteNumberValue(float.IsFinite(logit) ? logit : throw new TesseraException($"the logits at position {position} are not numbers"));
            w.WriteEndArray();
        }
        w.WriteEndArray();
        w.WriteStartArray("greedy");
        foreach (int id in continuation)
            w.WriteNumberValue(id);
        w.WriteEndArray();
    }
}
