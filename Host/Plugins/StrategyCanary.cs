using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Host.Plugins;

/// <summary>Lets a decoding strategy draft for sequences of a model whose every output is known: the output has to be plain decoding's, and the strategy may lose no turn.</summary>
internal static class StrategyCanary
{
    /// <summary>What a turn may take: nobody waits for it, and the machine may be busy.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const int Tokens = 48, MostSteps = 4000, Context = 512;

    /// <summary>What is wrong, or null.</summary>
    public static string? Check(IDecodingStrategy strategy)
    {
        LedgerModel model = new(ByteTokenizer.Size, suppressed: [ByteTokenizer.Eos, ByteTokenizer.Eot]);
        LedgerBackend backend = new(model.Suppressed);
        EngineOptions options = new() { TuneDrafts = false, MemoryPatience = TimeSpan.Zero, DraftBudget = Patience, DraftPatience = Patience };
        ModelEngine engine = new(Compose(model, backend, strategy), options, TimeProvider.System);
        try
        {
            return Compare(model, engine) ?? (backend.Violations is [var first, ..] ? first : null);
        }
        finally
        {
            engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static string? Compare(LedgerModel model, ModelEngine engine)
    {
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(Prompt)];
        int[][] expected = [.. prompts.Select(p => model.Greedy(p, Tokens))];
        GenerationStream[] streams = [.. prompts.Select((p, i) => engine.Submit(Request(p, i, expected[i]))[0])];
        for (int step = 0; engine.Step(); step++)
            if (step == MostSteps)
                return $"{engine.Load.Running} sequences have not ended after {MostSteps} steps";
        if (engine.Faulted is { } fault)
            return fault;
        if (engine.Speculation is { Faults: > 0 } speculation)
            return speculation.Problem ?? $"it lost {speculation.Faults} turns by failing";
        for (int i = 0; i < streams.Length; i++)
        {
            List<int> found = [];
            while (streams[i].TryRead(out GeneratedToken token, out _))
                found.Add(token.Token);
            if (!found.SequenceEqual(expected[i]))
                return $"sequence {i}: drafts changed the output: [{string.Join(' ', found)}], expected [{string.Join(' ', expected[i])}]";
        }
        return null;
    }

    /// <summary>Prompts that repeat themselves; a prediction that is right, one that is wrong in places, one that has nothing to do with the output, and none.</summary>
    private static GenerationRequest Request(int[] prompt, int index, int[] expected) => new()
    {
        Prompt = prompt,
        MaxTokens = Tokens,
        Sampling = new SamplingOptions { Temperature = 0 },
        CacheSalt = index % 2 == 0 ? null : "canary",
        Prediction = index switch { 0 => expected, 1 => [.. expected.Select((t, i) => i % 9 == 4 ? t ^ 1 : t)], 2 => prompt, _ => [] },
    };

    private static int[] Prompt(int index) => [.. Enumerable.Range(0, 20 + 13 * index).Select(i => 32 + (i * i + index) % 11)];

    private static Composition Compose(LedgerModel model, LedgerBackend backend, IDecodingStrategy? strategy)
    {
        RuntimeLimits limits = new() { MaxRows = 64, MaxOutputs = 64, MaxSequences = 4, MaxContext = Context };
        return new Composition(new Nothing())
        {
            Name = "canary",
            Source = model.Source,
            Graph = model.Graph,
            Runtime = backend.Build(new BackendRequest { Graph = model.Graph, Limits = limits, Team = new InlineWorkTeam(), Quantizations = new QuantizationRegistry(), KvBudget = new FixedBudget(long.MaxValue) }),
            Limits = limits,
            Tokenizer = new ByteTokenizer(),
            Strategy = strategy,
            Draft = strategy is IDraftModelStrategy ? Compose(model, backend, null) : null,
        };
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose() { }
    }
}
