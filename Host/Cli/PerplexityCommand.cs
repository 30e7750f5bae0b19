using System.CommandLine;
using System.Globalization;
using Tessera.Engine.Evaluation;
using Tessera.Host.Configuration;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera perplexity</c>: how well a model foresees a text.</summary>
internal static class PerplexityCommand
{
    private const int DefaultWindow = 2048;

    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Argument<string> text = new("TEXTFILE") { Description = "The text, UTF-8." };
        Option<string?> config = CommandParts.Config();
        Option<ActivationPrecision> activations = CommandParts.Activations();
        Option<int?> context = CommandParts.Context();
        Option<int?> tokens = TypedOption.Number<int>(["--tokens"], "Use only the text's first N tokens.", 1);
        Command command = new("perplexity", $"Computes a model's perplexity over a text, in windows of the context (default {DefaultWindow} tokens, no BOS): exp of the mean of −ln p of each token but a window's first.") { model, text, config, activations, context, tokens };
        command.Do((result, _) => RunAsync(result.GetValue(model)!, result.GetValue(text)!, result.GetValue(config), result.GetValue(activations), result.GetValue(context), result.GetValue(tokens)));
        return command;
    }

    private static async Task<int> RunAsync(string model, string textFile, string? config, ActivationPrecision activations, int? context, int? most)
    {
        string text = TextFile.Read(textFile, "a text");
        await using HostSession session = HostSession.Open(config, model);
        using OpenModel open = session.OpenFiles(session.Model.Path);
        int window = context ?? (open.Source.Metadata.ContextLength > 0 ? Math.Min(DefaultWindow, open.Source.Metadata.ContextLength) : DefaultWindow);
        ModelConfiguration entry = session.Model with { Activations = activations, Context = window };
        List<int> ids = [];
        open.CreateTokenizer().Encode(text, default, ids);
        if (most is { } limit && limit < ids.Count)
            ids.RemoveRange(limit, ids.Count - limit);
        if (ids.Count < 2)
            throw new TesseraException($"{textFile}: {ids.Count} tokens; a perplexity needs at least 2");
        BuiltRuntime built = session.BuildRuntime(open, entry);
        using IModelRuntime runtime = built.Runtime;
        using SequenceEvaluator evaluator = new(entry.Name, built.Graph, runtime, built.Limits, entry.Context);
        Report(Measure(evaluator, [.. ids], window));
        return Terminal.Done;
    }

    private static (double Nll, int Count) Measure(SequenceEvaluator evaluator, int[] ids, int window)
    {
        double nll = 0;
        int count = 0;
        for (int start = 0; start + 1 < ids.Length; start += window)
        {
            int[] tokens = ids[start..Math.Min(start + window, ids.Length)];
            evaluator.Evaluate(tokens, [.. Enumerable.Range(0, tokens.Length - 1)], (position, logits) =>
            {
                nll -= LogProbability.Of(logits, tokens[position + 1]);
                count++;
            });
            if (!Console.IsErrorRedirected)
                Console.Error.Write($"\r{Math.Min(start + window, ids.Length)} of {ids.Length} tokens, perplexity {Math.Exp(nll / count):F4}");
        }
        if (!Console.IsErrorRedirected)
            Console.Error.WriteLine();
        return (nll, count);
    }

    private static void Report((double Nll, int Count) measured)
    {
        double mean = measured.Nll / measured.Count;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"perplexity {Math.Exp(mean):F4}  mean_nll {mean:F6}  tokens {measured.Count}"));
    }
}
