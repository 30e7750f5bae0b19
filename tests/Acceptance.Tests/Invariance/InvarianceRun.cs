using Tessera.Acceptance.Tests.Stack;
using Tessera.Conformance.Fakes;
using Tessera.Engine;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.Invariance;

/// <summary>The same prompts in many ways over one model; every way must give the same tokens and log the same bits.</summary>
internal sealed class InvarianceRun(string model)
{
    private const int Tokens = 48, Shared = 48, Context = 256, BlockTokens = 16;

    /// <summary>Fewer than the prompts need together, enough for the longest.</summary>
    private const int FewBlocks = 20;

    private static readonly int[] Lengths = [5, 23, 40, 70, 33, 64];

    private readonly LogitLog _log = new();
    private readonly Dictionary<int, int[]> _expected = [];
    private readonly int[][] _prompts =
    [
        .. Lengths.Select((length, i) => SeededModel.Tokens(10 + i, length)),
        // Two that begin alike, for three whole blocks.
        [.. SeededModel.Tokens(20, Shared), .. SeededModel.Tokens(21, 82)],
        [.. SeededModel.Tokens(20, Shared), .. SeededModel.Tokens(22, 9)],
    ];

    public int Compared { get; private set; }

    public async Task RunAsync(HostStack stack)
    {
        await RunAsync(stack, "alone, whole", new EngineOptions { PrefixCaching = false }, Alone);
        foreach (int chunk in new[] { 1, 7, 64 })
        {
            await RunAsync(stack, $"alone, chunks of {chunk}", new EngineOptions { PrefixCaching = false, PrefillChunk = chunk }, Alone);
            await RunAsync(stack, $"together, chunks of {chunk}", new EngineOptions { PrefixCaching = false, PrefillChunk = chunk }, Together);
        }
        await RunAsync(stack, "together, whole", new EngineOptions { PrefixCaching = false }, Together);
        await RunAsync(stack, "a shared beginning", new EngineOptions(), AfterOneThatBeginsAlike);
        await RunAsync(stack, "preempted", new EngineOptions(), Together, FewBlocks, engine => Assert.Contains(engine.Records, r => r.Preempted > 0));
    }

    private async Task RunAsync(HostStack stack, string name, EngineOptions options, Action<SteppedEngine> use, int? blocks = null, Action<SteppedEngine>? check = null)
    {
        _log.Begin($"{stack.Team.LaneCount} lanes, {name}");
        FixedBudget budget = new(HostStack.KvBytes);
        Composition built = stack.Build(model, ActivationPrecision.Fast, Context, budget);
        Assert.True(built.Limits.BatchInvariant);
        Assert.Equal(BlockTokens, built.Limits.BlockTokens);
        Assert.Single(built.Graph.CacheGroups);
        if (blocks is { } few)
            budget.Limit = few * built.Runtime.BlockBytes(0);
        Composition recorded = new(built)
        {
            Name = built.Name,
            Source = built.Source,
            Graph = built.Graph,
            Runtime = new RecordingRuntime(built.Runtime, built.Graph, built.Limits, _log),
            Limits = built.Limits,
            Tokenizer = built.Tokenizer,
        };
        bool first = _expected.Count == 0;
        await using (SteppedEngine engine = new(recorded, options))
        {
            use(engine);
            check?.Invoke(engine);
        }
        // Every prompt gives a row for each token; one that was preempted computes its last one again.
        Assert.InRange(_log.Rows, _prompts.Length * Tokens, 2 * _prompts.Length * Tokens);
        Assert.Equal(first ? 0 : _log.Rows, _log.Compared);
        Assert.Empty(_log.Different);
        Compared += _log.Compared;
    }

    private void Alone(SteppedEngine engine)
    {
        for (int i = 0; i < _prompts.Length; i++)
        {
            GenerationStream stream = engine.Submit(_prompts[i], Tokens);
            engine.Run();
            Check(i, SteppedEngine.Read(stream));
        }
    }

    private void Together(SteppedEngine engine)
    {
        GenerationStream[] streams = [.. _prompts.Select(p => engine.Submit(p, Tokens))];
        engine.Run();
        for (int i = 0; i < streams.Length; i++)
            Check(i, SteppedEngine.Read(streams[i]));
        Assert.Contains(engine.Records, r => r.Running > 1);
    }

    private void AfterOneThatBeginsAlike(SteppedEngine engine)
    {
        int last = _prompts.Length - 1;
        GenerationStream begins = engine.Submit(_prompts[last - 1], Tokens);
        engine.Run();
        Check(last - 1, SteppedEngine.Read(begins));
        GenerationStream[] streams = [.. _prompts.Select(p => engine.Submit(p, Tokens))];
        engine.Run();
        for (int i = 0; i < streams.Length; i++)
        {
            Generation found = SteppedEngine.Read(streams[i]);
            Check(i, found);
            Assert.InRange(found.Cached, i == last ? Shared : i == last - 1 ? 2 * Shared : 0, _prompts[i].Length - 1);
        }
    }

    private void Check(int prompt, Generation found)
    {
        Assert.Equal(Tokens, found.Tokens.Length);
        if (_expected.TryGetValue(prompt, out int[]? expected))
            Assert.True(expected.AsSpan().SequenceEqual(found.Tokens), $"{_log.Run}: prompt {prompt} gave other tokens");
        else
            _expected.Add(prompt, found.Tokens);
    }
}
