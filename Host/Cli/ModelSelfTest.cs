using System.Diagnostics;
using System.Globalization;
using Tessera.Conformance.SelfTest;
using Tessera.Engine.Evaluation;
using Tessera.Host.Configuration;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary>A model on a plugin's backend beside the reference path of the processor, and its speed there.</summary>
internal static class ModelSelfTest
{
    private const string Reference = "cpu";
    private const double Tolerance = 1e-2;
    private const int Steps = 16, Prompt = 512, Generated = 64;
    private const string Text = "The lighthouse keeper wrote down what he had seen that night: three ships, one of them without a light, and a storm that turned back before it reached the rocks. ";

    /// <summary>Compares, then measures.</summary>
    public static IEnumerable<SelfTestResult> Run(HostSession session, string plugin)
    {
        using OpenModel open = session.OpenFiles(session.Model.Path);
        int[] tokens = Tokens(open);
        yield return Compare(session, open, plugin, tokens);
        ModelConfiguration entry = Entry(session, plugin, session.Model.Activations);
        yield return Measure(session, open, entry, tokens);
    }

    private static SelfTestResult Compare(HostSession session, OpenModel open, string plugin, int[] tokens)
    {
        string reference = MetalSelfTestCommand.Provider(session, Reference).Id;
        int[] prompt = tokens[..Math.Min(tokens.Length, 48)];
        int[] greedy = With(session, open, Entry(session, reference, ActivationPrecision.Float32), e => e.Greedy(prompt, Steps));
        int[] all = [.. prompt, .. greedy], positions = [.. Enumerable.Range(prompt.Length - 1, Steps)];
        float[][] expected = With(session, open, Entry(session, reference, ActivationPrecision.Float32), e => Logits(e, all, positions));
        float[][] found = With(session, open, Entry(session, plugin, ActivationPrecision.Float32), e => Logits(e, all, positions));
        GreedyComparison comparison = new();
        for (int i = 0; i < Steps; i++)
            comparison.Add(expected[i], found[i]);
        string text = string.Create(CultureInfo.InvariantCulture, $"logits differ by at most {comparison.Deviation:g3} of {Tolerance}; the best tokens of {comparison.Decided} of {Steps} rows are decided by more");
        return new($"{session.Model.Name}, float32, beside {reference}", string.Join("; ", comparison.Problems.Prepend(text)), comparison.Problems.Count == 0 && comparison.Deviation <= Tolerance);
    }

    private static SelfTestResult Measure(HostSession session, OpenModel open, ModelConfiguration entry, int[] tokens)
    {
        (double prompt, double each) = With(session, open, entry, e =>
        {
            e.Greedy(tokens, 2);
            double first = Seconds(() => e.Greedy(tokens, 1)), all = Seconds(() => e.Greedy(tokens, 1 + Generated));
            return (first, (all - first) / Generated);
        });
        return new($"{entry.Name}, {entry.Activations.ToString().ToLowerInvariant()}, as configured", string.Create(CultureInfo.InvariantCulture, $"{tokens.Length / prompt:F1} tokens/s of a prompt of {tokens.Length}, {1 / each:F1} tokens/s of one stream"), true);
    }

    private static T With<T>(HostSession session, OpenModel open, ModelConfiguration entry, Func<SequenceEvaluator, T> use)
    {
        BuiltRuntime built = session.BuildRuntime(open, entry);
        using IModelRuntime runtime = built.Runtime;
        using SequenceEvaluator evaluator = new(entry.Name, built.Graph, runtime, built.Limits, entry.Context);
        return use(evaluator);
    }

    private static float[][] Logits(SequenceEvaluator evaluator, int[] tokens, int[] positions)
    {
        List<float[]> rows = [];
        evaluator.Evaluate(tokens, positions, (_, logits) => rows.Add(logits.ToArray()));
        return [.. rows];
    }

    private static ModelConfiguration Entry(HostSession session, string plugin, ActivationPrecision activations) =>
        session.Model with { Kernels = [plugin], Activations = activations, Context = Prompt + Generated + 2 };

    private static int[] Tokens(OpenModel open)
    {
        List<int> ids = [];
        open.CreateTokenizer().Encode(string.Concat(Enumerable.Repeat(Text, Prompt / 16)), default, ids);
        return [.. ids.Take(Prompt)];
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
