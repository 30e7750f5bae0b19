using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Scheduling;

namespace Tessera.Acceptance.Tests.Stack;

/// <summary>An engine that the test steps itself; greedy requests that end tokens do not stop.</summary>
internal sealed class SteppedEngine : IEngineObserver, IAsyncDisposable
{
    private int _drafted;

    public SteppedEngine(Composition composition, EngineOptions? options = null)
    {
        options ??= new EngineOptions();
        Engine = new ModelEngine(composition, options with { SlowReaderTimeout = TimeSpan.FromHours(1) }, TimeProvider.System, this);
    }

    public ModelEngine Engine { get; }

    public List<StepRecord> Records { get; } = [];

    /// <summary>For each of <see cref="Records"/>, the sequences that drafts were verified for.</summary>
    public List<int> DraftedSequences { get; } = [];

    /// <summary>What became of drafts, by their source.</summary>
    public SortedDictionary<string, (int Drafted, int Accepted)> Drafts { get; } = new(StringComparer.Ordinal);

    /// <summary>Forgets the steps so far.</summary>
    public void Clear()
    {
        Records.Clear();
        DraftedSequences.Clear();
        Drafts.Clear();
    }

    public GenerationStream Submit(int[] prompt, int tokens, int top = -1) => Engine.Submit(new GenerationRequest
    {
        Prompt = prompt,
        MaxTokens = tokens,
        Sampling = new SamplingOptions { Temperature = 0 },
        IgnoreEndTokens = true,
        TopLogProbabilities = top,
    })[0];

    /// <summary>Steps until nothing is left to do.</summary>
    public void Run(int most = 100_000)
    {
        for (int i = 0; i < most; i++)
            if (!Engine.Step())
            {
                Assert.Null(Engine.Faulted);
                Assert.Equal((0, 0), (Engine.Load.Waiting, Engine.Load.Running));
                return;
            }
        Assert.Fail($"still busy after {most} steps: {Engine.Load}");
    }

    /// <summary>What a stream has, all of it there.</summary>
    public static Generation Read(GenerationStream stream)
    {
        List<GeneratedToken> tokens = [];
        List<TokenProbability> top = [];
        while (stream.TryRead(out GeneratedToken token, out ReadOnlySpan<TokenProbability> alternatives))
        {
            if (tokens.Count == 0)
                top.AddRange(alternatives);
            tokens.Add(token);
        }
        Assert.True(stream.FinishReason == FinishReason.Length, $"{stream.FinishReason} after {tokens.Count} tokens: {stream.Error}");
        return new([.. tokens.Select(t => t.Token)], [.. tokens.Select(t => t.LogProbability)], [.. top], stream.CachedTokens);
    }

    void IEngineObserver.Step(in StepRecord record)
    {
        Records.Add(record);
        DraftedSequences.Add(_drafted);
        _drafted = 0;
    }

    void IEngineObserver.Drafted(string source, int proposed, int accepted)
    {
        _drafted++;
        (int drafted, int before) = Drafts.GetValueOrDefault(source);
        Drafts[source] = (drafted + proposed, before + accepted);
    }

    void IEngineObserver.FirstToken(TimeSpan sinceSubmit) { }
    void IEngineObserver.NextToken(TimeSpan sinceLast) { }
    void IEngineObserver.Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) { }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}

/// <summary>A finished generation.</summary>
/// <param name="Tokens">The tokens.</param>
/// <param name="LogProbabilities">Those of the tokens, where asked for.</param>
/// <param name="Top">The alternatives of the first token, best first.</param>
/// <param name="Cached">Prompt tokens that were found in the prefix cache.</param>
internal sealed record Generation(int[] Tokens, float[] LogProbabilities, TokenProbability[] Top, int Cached);
