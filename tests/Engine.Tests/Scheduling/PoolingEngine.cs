using Microsoft.Extensions.Time.Testing;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;
using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>An engine over a check model that pools, on the float64 interpreter, stepped by the test.</summary>
internal sealed class PoolingEngine : IEngineObserver, IDisposable
{
    private readonly CheckModel _model;
    private readonly InlineWorkTeam _team = new();

    public PoolingEngine(string shape, EngineOptions options, int maxRows, int maxContext = 96, int maxSequences = 8)
    {
        QuantizationRegistry quantizations = new(new F32());
        _model = new CheckModel(CheckShapes.All[shape], quantizations);
        Graph = _model.Graph;
        RuntimeLimits limits = new() { MaxRows = maxRows, MaxOutputs = maxSequences, MaxSequences = maxSequences, MaxContext = maxContext, BlockTokens = 4 };
        IModelRuntime runtime = new ReferenceBackend().Build(new BackendRequest { Graph = Graph, Limits = limits, Team = _team, Quantizations = quantizations, KvBudget = new FixedBudget() });
        Engine = new ModelEngine(new Composition(_model)
        {
            Name = "vectors",
            Source = new ModelSource { Format = "test", Metadata = new ModelMetadata { Architecture = "test" }, Tensors = [] },
            Graph = Graph,
            Runtime = runtime,
            Limits = limits,
            Tokenizer = new ByteTokenizer(),
        }, options, new FakeTimeProvider(), this);
    }

    public ModelGraph Graph { get; }

    public ModelEngine Engine { get; }

    public List<StepRecord> Records { get; } = [];

    public static int[] Text(int seed, int length)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(80))];
    }

    public GenerationStream[] Submit(params GenerationRequest[] requests) => [.. Engine.Submit(requests).Select(s => s[0])];

    public static GenerationRequest Request(int seed, int length) => new() { Prompt = Text(seed, length), MaxTokens = 0, Pooled = true, TokenTypes = [.. Text(seed + 1000, length).Select(t => t % 2)] };

    public void Run()
    {
        for (int i = 0; i < 1000; i++)
            if (!Engine.Step())
                return;
        Assert.Fail("still busy after 1000 steps");
    }

    public float[] Alone(GenerationRequest request)
    {
        GenerationStream stream = Submit(request)[0];
        Run();
        return [.. stream.Vector!];
    }

    void IEngineObserver.Step(in StepRecord record) => Records.Add(record);
    void IEngineObserver.FirstToken(TimeSpan sinceSubmit) { }
    void IEngineObserver.NextToken(TimeSpan sinceLast) { }
    void IEngineObserver.Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) { }

    public void Dispose()
    {
        Engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _team.Dispose();
    }
}
