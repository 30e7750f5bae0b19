using Microsoft.Extensions.Time.Testing;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Scheduling;
using Tessera.Engine.Speculation;

namespace Tessera.Spec.Decoding.Tests;

/// <summary>An engine over the ledger with the plugin's strategy, stepped by the test.</summary>
internal sealed class SpecEngine : IEngineObserver, IDisposable
{
    private const int BlockTokens = 16;

    /// <param name="options">The plugin's; null: plain decoding.</param>
    /// <param name="model">The model.</param>
    /// <param name="draft">The draft model, or null.</param>
    /// <param name="blocks">KV blocks of the model; a draft model's are beside them.</param>
    /// <param name="maxContext">The longest sequence.</param>
    /// <param name="maxSequences">Sequences that run at once.</param>
    /// <param name="rule">Decides on drafts by chance; null: as the engine does.</param>
    /// <param name="tokenizer">Says which tokens are end tokens; null: the byte tokenizer.</param>
    /// <param name="cost">Milliseconds of a step by its rows, for drafts of tuned lengths; null: all that is proposed is verified.</param>
    public SpecEngine(SpecOptions? options, LedgerModel model, LedgerModel? draft = null, long blocks = long.MaxValue, int maxContext = 512, int maxSequences = 64, IAcceptanceRule? rule = null, ITokenizer? tokenizer = null, Func<int, double>? cost = null)
    {
        Model = model;
        Backend = new LedgerBackend(model.Suppressed);
        Budget = new FixedBudget(blocks == long.MaxValue ? long.MaxValue : blocks * BlockTokens * 2 * sizeof(int));
        RuntimeLimits limits = new() { MaxRows = 512, MaxOutputs = 512, MaxSequences = maxSequences, MaxContext = maxContext, BlockTokens = BlockTokens };
        if (draft is not null)
            DraftBackend = new LedgerBackend(draft.Suppressed);
        Composition composition = Compose(model, Backend, Budget, limits, options is null ? null : new SpecStrategy(options), tokenizer,
            draft is null ? null : Compose(draft, DraftBackend!, new FixedBudget(long.MaxValue), limits, null, tokenizer, null));
        ulong seed = 1;
        FakeTimeProvider time = new();
        if (cost is not null)
            Backend.OnStep = batch => time.Advance(TimeSpan.FromMilliseconds(cost(batch.RowCount)));
        if (cost is not null && DraftBackend is not null)
            DraftBackend.OnStep = _ => time.Advance(TimeSpan.FromMilliseconds(cost(1) / 200));
        EngineOptions engine = new() { TuneDrafts = cost is not null, MemoryPatience = TimeSpan.Zero, DraftBudget = TimeSpan.FromSeconds(10), DraftPatience = TimeSpan.FromSeconds(60) };
        Engine = new ModelEngine(composition, engine, cost is null ? TimeProvider.System : time, this, null, rule) { RandomSeed = () => seed++ };
        if (cost is not null)
            Engine.Calibrate(TimeSpan.FromSeconds(5));
    }

    public LedgerModel Model { get; }
    public LedgerBackend Backend { get; }
    public LedgerBackend? DraftBackend { get; }
    public FixedBudget Budget { get; }
    public ModelEngine Engine { get; }
    public Dictionary<string, (int Proposed, int Accepted)> Drafts { get; } = [];
    public int Preempted { get; private set; }
    public int Emitted { get; private set; }

    /// <summary>Steps by their draft rows.</summary>
    public Dictionary<int, int> Rows { get; } = [];

    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    public static LedgerModel Ledger(params int[] windows) => new(ByteTokenizer.Size, windows.Length == 0 ? null : windows);

    public void Run(int most = 1_000_000)
    {
        for (int i = 0; i < most; i++)
            if (!Engine.Step())
                return;
        Assert.Fail($"still busy after {most} steps: {Engine.Load}");
    }

    public static int[] Read(GenerationStream stream)
    {
        List<int> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token.Token);
        return [.. tokens];
    }

    public void AssertClean()
    {
        Assert.Empty(Backend.Violations);
        Assert.Empty(DraftBackend?.Violations ?? []);
        Assert.Null(Engine.Faulted);
        Assert.Equal(0, Engine.Speculation?.Faults ?? 0);
        Assert.Equal((0, 0, 0), (Engine.Load.Waiting, Engine.Load.Running, Engine.Load.BlocksUsed));
    }

    private static Composition Compose(LedgerModel model, LedgerBackend backend, IMemoryBudget budget, RuntimeLimits limits, IDecodingStrategy? strategy, ITokenizer? tokenizer, Composition? draft) => new(new Nothing())
    {
        Name = "ledger",
        Source = model.Source,
        Graph = model.Graph,
        Runtime = backend.Build(new BackendRequest { Graph = model.Graph, Limits = limits, Team = new InlineWorkTeam(), Quantizations = new QuantizationRegistry(), KvBudget = budget }),
        Limits = limits,
        Tokenizer = tokenizer ?? new ByteTokenizer(),
        Strategy = strategy,
        Draft = draft,
    };

    void IEngineObserver.Step(in StepRecord record)
    {
        Preempted += record.Preempted;
        Emitted += record.Emitted;
        if (record.DecodeRows > 0)
            Rows[record.DraftRows] = Rows.GetValueOrDefault(record.DraftRows) + 1;
    }

    void IEngineObserver.Drafted(string source, int proposed, int accepted)
    {
        (int before, int right) = Drafts.GetValueOrDefault(source);
        Drafts[source] = (before + proposed, right + accepted);
    }

    void IEngineObserver.FirstToken(TimeSpan sinceSubmit) { }
    void IEngineObserver.NextToken(TimeSpan sinceLast) { }
    void IEngineObserver.Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) { }

    public void Dispose() => Engine.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private sealed class Nothing : IDisposable
    {
        public void Dispose() { }
    }
}
