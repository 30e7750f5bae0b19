using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Engine.Evaluation;

namespace Tessera.Host.Plugins;

/// <summary>Compares a backend's speed with that of the one that it replaces: the same small model on both, a prompt and a few tokens at a time, in turn, so that what else the machine does falls on both; medians are compared.</summary>
internal static class SpeedFloor
{
    private const int Prompt = 32, Generated = 8, WarmUp = 3, LeastRounds = 9, MostRounds = 61, Attempts = 3;
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);

    private static readonly CheckShape Shape = new()
    {
        Width = 256,
        Heads = 4,
        KeyHeads = 2,
        HeadLength = 64,
        FeedForward = 512,
        Vocabulary = 512,
        KvType = KvType.F16,
        Activations = ActivationPrecision.Fast,
    };

    /// <summary>What is wrong, or null: it is fast enough, or cannot be compared.</summary>
    /// <param name="next">The backend.</param>
    /// <param name="old">The one that it replaces.</param>
    /// <param name="floor">The part of the old one's speed that it must reach.</param>
    /// <param name="time">What tells how long a step takes.</param>
    public static string? Problem(IKernelBackend next, IKernelBackend old, double floor, TimeProvider time)
    {
        QuantizationRegistry quantizations = new(new F32());
        using CheckModel model = new(Shape, quantizations);
        ModelGraph graph = model.Graph;
        if (Missing(next, graph) || Missing(old, graph))
            return null;
        using InlineWorkTeam team = new();
        using Runner first = new(old, graph, quantizations, team, time), second = new(next, graph, quantizations, team, time);
        double best = 0;
        // A machine that is busy with something else may spoil one comparison; it does not spoil all.
        for (int attempt = 0; attempt < Attempts && best < floor; attempt++)
            best = Math.Max(best, Compare(first, second, time));
        return best < floor ? $"computes at {best:F2} of the speed of the version that it replaces; at least {floor:F2} is asked for (plugins.speedFloor)" : null;
    }

    private static double Compare(Runner first, Runner second, TimeProvider time)
    {
        List<double> times = [], nextTimes = [];
        long start = time.GetTimestamp();
        for (int round = -WarmUp; round < MostRounds && (round < LeastRounds || time.GetElapsedTime(start) < MostTime); round++)
        {
            (double one, double other) = (first.Run(), second.Run());
            if (round < 0)
                continue;
            times.Add(one);
            nextTimes.Add(other);
        }
        return Median(times) / Median(nextTimes);
    }

    private static bool Missing(IKernelBackend backend, ModelGraph graph) => Engine.Graphs.GraphCheck.Missing(graph, backend).Count > 0;

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private sealed class Runner : IDisposable
    {
        private readonly int[] _tokens = [.. Enumerable.Range(1, Prompt)];
        private readonly IModelRuntime _runtime;
        private readonly SequenceEvaluator _evaluator;
        private readonly TimeProvider _time;

        public Runner(IKernelBackend backend, ModelGraph graph, IQuantizationRegistry quantizations, IWorkTeam team, TimeProvider time)
        {
            _time = time;
            RuntimeLimits limits = new() { MaxRows = Prompt, MaxOutputs = 1, MaxSequences = 1, MaxContext = 2 * Prompt, KvType = Shape.KvType, Activations = Shape.Activations };
            _runtime = backend.Build(new BackendRequest { Graph = graph, Limits = limits, Team = team, Quantizations = quantizations, KvBudget = new FixedBudget() });
            _evaluator = new SequenceEvaluator("speed", graph, _runtime, limits);
        }

        /// <summary>Seconds.</summary>
        public double Run()
        {
            long start = _time.GetTimestamp();
            _evaluator.Greedy(_tokens, Generated);
            return _time.GetElapsedTime(start).TotalSeconds;
        }

        public void Dispose()
        {
            _evaluator.Dispose();
            _runtime.Dispose();
        }
    }
}
