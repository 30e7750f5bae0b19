using System.Diagnostics;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Scheduling;

namespace Tessera.Speculation.Bench;

/// <summary>An engine whose runs are timed: greedy requests that all begin together, from when each has its first token.</summary>
internal sealed class Runs : IEngineObserver, IAsyncDisposable
{
    private readonly SortedDictionary<string, (int Drafted, int Accepted)> _drafts = new(StringComparer.Ordinal);

    public Runs(Composition composition)
    {
        // Tokens are read when all are there.
        Engine = new ModelEngine(composition, new EngineOptions { SlowReaderTimeout = TimeSpan.FromHours(1) }, TimeProvider.System, this);
        Engine.Calibrate(TimeSpan.FromSeconds(10));
    }

    public ModelEngine Engine { get; }

    /// <summary>What became of the last run's drafts, for people.</summary>
    public string Drafts => _drafts.Count == 0 ? "none" : string.Join(", ", _drafts.Select(d => $"{d.Key} {d.Value.Accepted} of {d.Value.Drafted}"));

    /// <summary>Generates for each prompt.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="tokens">Tokens of each.</param>
    /// <param name="prediction">What the outputs are said to be.</param>
    /// <param name="salt">Nothing is learned from runs with other salts.</param>
    /// <returns>The outputs, and the seconds from when the last sequence has its first token.</returns>
    public (int[][] Outputs, double Seconds) Run(int[][] prompts, int tokens, int[]? prediction = null, string? salt = null)
    {
        _drafts.Clear();
        GenerationStream[] streams = [.. prompts.Select(p => Engine.Submit(new GenerationRequest
        {
            Prompt = p,
            MaxTokens = tokens,
            Sampling = new SamplingOptions { Temperature = 0 },
            IgnoreEndTokens = true,
            Prediction = prediction,
            CacheSalt = salt,
        })[0])];
        while (streams.Any(s => s.Unread == 0))
            if (!Engine.Step())
                throw new TesseraException($"no tokens come: {Engine.Faulted ?? streams.Select(s => s.Error).FirstOrDefault(e => e is not null)}");
        long start = Stopwatch.GetTimestamp();
        while (Engine.Step())
        {
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return ([.. streams.Select(Read)], seconds);
    }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    void IEngineObserver.Step(in StepRecord record) { }

    void IEngineObserver.Drafted(string source, int proposed, int accepted)
    {
        (int drafted, int before) = _drafts.GetValueOrDefault(source);
        _drafts[source] = (drafted + proposed, before + accepted);
    }

    void IEngineObserver.FirstToken(TimeSpan sinceSubmit) { }

    void IEngineObserver.NextToken(TimeSpan sinceLast) { }

    void IEngineObserver.Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) { }

    private static int[] Read(GenerationStream stream)
    {
        List<int> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token.Token);
        return stream.FinishReason == FinishReason.Length ? [.. tokens] : throw new TesseraException($"{stream.FinishReason}: {stream.Error}");
    }
}
