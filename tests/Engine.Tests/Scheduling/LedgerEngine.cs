using Microsoft.Extensions.Time.Testing;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Scheduling;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>An engine over the ledger runtime, stepped by the test.</summary>
internal sealed class LedgerEngine : IEngineObserver, IDisposable
{
    public const int BlockTokens = 16;

    public LedgerEngine(EngineOptions? options = null, int[]? windows = null, long blocks = long.MaxValue, int maxContext = 1024, int maxRows = 512, int maxSequences = 64,
        IDecodingStrategy? strategy = null, LedgerModel? model = null, int? plannedContext = null, Func<IModelRuntime, IModelRuntime>? wrap = null, Action<ModelEngine, string>? onFault = null, LedgerModel? draft = null, TimeProvider? time = null, int maxBest = 0, int draftMaxBest = 0)
    {
        Model = model ?? new LedgerModel(ByteTokenizer.Size, windows, [ByteTokenizer.Eos, ByteTokenizer.Eot]);
        Backend = new LedgerBackend(Model.Suppressed) { MaxBest = maxBest };
        // A block of one ledger cache: a token and a position for each entry.
        Budget = new FixedBudget(blocks == long.MaxValue ? long.MaxValue : blocks * BlockTokens * 2 * sizeof(int));
        RuntimeLimits limits = new() { MaxRows = maxRows, MaxOutputs = maxRows, MaxSequences = maxSequences, MaxContext = maxContext, BlockTokens = BlockTokens };
        Composition composition = Compose(Model, Backend, limits, Leases, strategy, plannedContext, wrap, draft is null ? null : Compose(draft, DraftBackend = new LedgerBackend(draft.Suppressed) { MaxBest = draftMaxBest }, limits, new Lease(), null, null, null, null));
        Engine = new ModelEngine(composition, options ?? new EngineOptions { MemoryPatience = TimeSpan.Zero }, time ?? Time, this, onFault);
    }

    private Composition Compose(LedgerModel model, LedgerBackend backend, RuntimeLimits limits, Lease leases, IDecodingStrategy? strategy, int? plannedContext, Func<IModelRuntime, IModelRuntime>? wrap, Composition? draft) => new(leases)
    {
        Name = "ledger",
        Source = model.Source,
        Graph = model.Graph,
        Runtime = Wrap(backend.Build(new BackendRequest { Graph = model.Graph, Limits = limits, Team = new InlineWorkTeam(), Quantizations = new QuantizationRegistry(), KvBudget = Budget }), wrap),
        Limits = limits,
        PlannedContext = plannedContext,
        Tokenizer = new ByteTokenizer(),
        Strategy = strategy,
        Draft = draft,
    };

    private static IModelRuntime Wrap(IModelRuntime runtime, Func<IModelRuntime, IModelRuntime>? wrap) => wrap?.Invoke(runtime) ?? runtime;

    public LedgerModel Model { get; }
    public LedgerBackend Backend { get; }
    public LedgerBackend? DraftBackend { get; private set; }
    public Lease Leases { get; } = new();
    public FixedBudget Budget { get; }
    public FakeTimeProvider Time { get; } = new();
    public ModelEngine Engine { get; }
    public List<StepRecord> Records { get; } = [];
    public List<(FinishReason Reason, int Cached)> Ended { get; } = [];
    public List<(string Source, int Proposed, int Accepted)> Drafts { get; } = [];
    public List<(string Problem, bool IsLast)> DraftFaults { get; } = [];

    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Steps until nothing is left to do; fails a test that never ends.</summary>
    public void Run(int most = 100_000)
    {
        for (int i = 0; i < most; i++)
            if (!Engine.Step())
                return;
        Assert.Fail($"still busy after {most} steps: {Engine.Load}");
    }

    public GenerationStream Submit(int[] prompt, int maxTokens, SamplingOptions? sampling = null, string? salt = null)
        => Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = maxTokens, Sampling = sampling ?? Greedy, CacheSalt = salt })[0];

    /// <summary>All tokens that can be read now.</summary>
    public static int[] Read(GenerationStream stream)
    {
        List<int> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token.Token);
        return [.. tokens];
    }

    /// <summary>What sampling must give: the sampler over the ledger's own logits, one token at a time.</summary>
    public int[] Expected(int[] prompt, int count, SamplingOptions sampling, int choice = 0)
    {
        if (sampling == Greedy)
            return Model.Greedy(prompt, count);
        Sampler sampler = new(sampling, CounterRandom.ForChoice(sampling.Seed!.Value, choice), prompt, count);
        SamplingBuffers buffers = new(Model.Graph.VocabularySize);
        List<int> tokens = [.. prompt];
        for (int i = 0; i < count; i++)
        {
            tokens.Add(sampler.Draw(Model.Expected(tokens), i, buffers));
            sampler.Accept(tokens.ToArray());
            if (tokens[^1] is ByteTokenizer.Eos or ByteTokenizer.Eot)
                break;
        }
        return [.. tokens.Skip(prompt.Length)];
    }

    /// <summary>Asserts that the runtime saw no mistake and that no block leaked.</summary>
    public void AssertClean()
    {
        Assert.Empty(Backend.Violations);
        Assert.Empty(DraftBackend?.Violations ?? []);
        Assert.Null(Engine.Faulted);
        Assert.Equal((0, 0, 0), (Engine.Load.Waiting, Engine.Load.Running, Engine.Load.BlocksUsed));
    }

    public static int[] Prompt(int seed, int length)
    {
        Random random = new(seed);
        int[] prompt = new int[length];
        for (int i = 0; i < length; i++)
            prompt[i] = random.Next(256);
        return prompt;
    }

    void IEngineObserver.Step(in StepRecord record) => Records.Add(record);
    void IEngineObserver.FirstToken(TimeSpan sinceSubmit) { }
    void IEngineObserver.NextToken(TimeSpan sinceLast) { }
    void IEngineObserver.Drafted(string source, int proposed, int accepted) => Drafts.Add((source, proposed, accepted));
    void IEngineObserver.DraftFault(string problem, bool isLast) => DraftFaults.Add((problem, isLast));
    void IEngineObserver.Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) => Ended.Add((reason, cachedTokens));

    public void Dispose() => Engine.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Says whether it was given back.</summary>
    internal sealed class Lease : IDisposable
    {
        public volatile bool IsDisposed;

        public void Dispose() => IsDisposed = true;
    }
}
