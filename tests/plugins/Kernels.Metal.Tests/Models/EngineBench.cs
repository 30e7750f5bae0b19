using Tessera.Conformance.Fakes;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Scheduling;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>An engine over a small model that the test steps itself; counts how its runtime is asked for tokens.</summary>
internal sealed class EngineBench : IEngineObserver, IAsyncDisposable
{
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    public EngineBench(OpenedModel model, IKernelBackend backend, int context, IDecodingStrategy? strategy = null, IMemoryBudget? budget = null, int maxRows = 32, bool hasDraft = false)
    {
        RuntimeLimits limits = new() { MaxRows = maxRows, MaxOutputs = maxRows, MaxSequences = 4, MaxContext = context, BlockTokens = 4, KvType = KvType.F32, Activations = ActivationPrecision.Float32 };
        IModelRuntime runtime = model.Build(backend, limits, budget);
        Runtime = runtime is IChoosingRuntime chooses ? new CountingRuntime(chooses) : null;
        DraftRuntime = hasDraft ? new CountingRuntime((IChoosingRuntime)model.Build(backend, limits, budget)) : null;
        EngineOptions options = new() { TuneDrafts = false, MemoryPatience = TimeSpan.Zero, SlowReaderTimeout = TimeSpan.FromHours(1), DraftBudget = TimeSpan.FromMinutes(1), DraftPatience = TimeSpan.FromMinutes(5) };
        Engine = new ModelEngine(Compose(Runtime ?? runtime, strategy, DraftRuntime is null ? null : Compose(DraftRuntime, null, null)), options, TimeProvider.System, this);

        Composition Compose(IModelRuntime runtime, IDecodingStrategy? strategy, Composition? draft) => new(new Nothing())
        {
            Name = backend.Name,
            Source = model.Source,
            Graph = model.Graph,
            Runtime = runtime,
            Limits = limits,
            Tokenizer = new ByteTokenizer(),
            Strategy = strategy,
            Draft = draft,
        };
    }

    public ModelEngine Engine { get; }

    /// <summary>What was asked of the runtime; null where it does not choose.</summary>
    public CountingRuntime? Runtime { get; }

    /// <summary>The same of the draft model's; null where there is none.</summary>
    public CountingRuntime? DraftRuntime { get; }

    public List<StepRecord> Records { get; } = [];

    public GenerationStream Submit(int[] prompt, int tokens, SamplingOptions? sampling = null, int top = -1) =>
        Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = tokens, Sampling = sampling ?? Greedy, IgnoreEndTokens = true, TopLogProbabilities = top })[0];

    /// <summary>Steps until nothing is left to do.</summary>
    public void Run()
    {
        for (int i = 0; i < 10_000; i++)
            if (!Engine.Step())
            {
                Assert.Null(Engine.Faulted);
                return;
            }
        Assert.Fail($"still busy: {Engine.Load}");
    }

    /// <summary>What a stream has, all of it there.</summary>
    public static int[] Read(GenerationStream stream)
    {
        List<int> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token.Token);
        Assert.True(stream.FinishReason == FinishReason.Length, $"{stream.FinishReason} after {tokens.Count} tokens: {stream.Error}");
        return [.. tokens];
    }

    void IEngineObserver.Step(in StepRecord record) => Records.Add(record);
    void IEngineObserver.FirstToken(TimeSpan sinceSubmit) { }
    void IEngineObserver.NextToken(TimeSpan sinceLast) { }
    void IEngineObserver.Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) { }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

/// <summary>Counts the rows that were handed out.</summary>
internal sealed unsafe class CountingRuntime(IChoosingRuntime inner) : IChoosingRuntime
{
    /// <summary>Rows of logits.</summary>
    public int LogitRows { get; private set; }

    /// <summary>Rows of best tokens.</summary>
    public int BestRows { get; private set; }

    public int MaxBest => inner.MaxBest;

    public long ScratchBytes => inner.ScratchBytes;

    public void Submit(Batch batch) => inner.Submit(batch);

    public bool Wait() => inner.Wait();

    public float* Logits(int output)
    {
        LogitRows++;
        return inner.Logits(output);
    }

    public ReadOnlySpan<BestToken> Best(int output)
    {
        BestRows++;
        return inner.Best(output);
    }

    public float* Hidden(int output) => inner.Hidden(output);

    public long BlockBytes(int group) => inner.BlockBytes(group);

    public bool TryGrow(int group, int blocks) => inner.TryGrow(group, blocks);

    public void Shrink(int group, int blocks) => inner.Shrink(group, blocks);

    public IReadOnlyList<string> Explain() => inner.Explain();

    public void Dispose() => inner.Dispose();
}
