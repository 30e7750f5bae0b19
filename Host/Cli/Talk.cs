using System.Text;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;
using Tessera.Host.Api;

namespace Tessera.Host.Cli;

/// <summary>Generates on an engine of its own and prints the text as it comes; for <c>run</c> and <c>chat</c>.</summary>
internal sealed class Talk : IAsyncDisposable, IEngineObserver
{
    private static readonly TimeSpan CalibrationTime = TimeSpan.FromSeconds(1);

    private readonly ModelEngine _engine;
    private readonly SortedDictionary<string, (int Drafted, int Accepted)> _drafts = new(StringComparer.Ordinal);
    private int _steps;
    private string? _fault;

    public Talk(Composition composition, ApiModel model, bool tuneDrafts)
    {
        Model = model;
        model.RequireGeneration();
        _engine = new ModelEngine(composition, new EngineOptions { MaxBatchTokens = composition.Limits.MaxRows, MaxSequences = composition.Limits.MaxSequences, TuneDrafts = tuneDrafts }, TimeProvider.System, this);
        _engine.Calibrate(CalibrationTime);
        _engine.Start();
    }

    public ApiModel Model { get; }

    /// <summary>Prints a continuation.</summary>
    /// <returns>Its text, and how fast it came.</returns>
    public async Task<(string Text, string Speed)> SayAsync(GenerationRequest request, CancellationToken cancellation)
    {
        lock (_drafts)
        {
            _drafts.Clear();
            _steps = 0;
        }
        long start = TimeProvider.System.GetTimestamp();
        GenerationStream stream = _engine.Submit(request)[0];
        using CancellationTokenRegistration registration = cancellation.Register(stream.Cancel);
        TextStream text = new(Model.Tokenizer.CreateDecoder(skipControl: true), request);
        StringBuilder all = new();
        int tokens = 0, printed = 0;
        TimeSpan first = default;
        // Not cancelled itself: a cancelled generation still ends its stream.
        while (await stream.WaitAsync(CancellationToken.None).ConfigureAwait(false))
        {
            while (stream.TryRead(out GeneratedToken token, out _))
            {
                if (tokens++ == 0)
                    first = TimeProvider.System.GetElapsedTime(start);
                if (request.IgnoreEndTokens || !Model.Tokenizer.EndTokens.Contains(token.Token))
                    text.Append(token.Token, all);
            }
            Print();
        }
        text.Finish(all);
        Print();
        Console.WriteLine();
        if (stream.FinishReason == FinishReason.Error)
            throw new TesseraException(stream.Error ?? "the generation failed");
        return (all.ToString(), Speed(request.Prompt.Length, stream.CachedTokens, tokens, first, TimeProvider.System.GetElapsedTime(start)) + Drafts(tokens));

        void Print()
        {
            Console.Write(all.ToString(printed, all.Length - printed));
            printed = all.Length;
        }
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    void IEngineObserver.Step(in StepRecord record)
    {
        lock (_drafts)
            _steps += record.DecodeRows > 0 ? 1 : 0;
    }

    void IEngineObserver.Drafted(string source, int proposed, int accepted)
    {
        lock (_drafts)
        {
            (int drafted, int before) = _drafts.GetValueOrDefault(source);
            _drafts[source] = (drafted + proposed, before + accepted);
        }
    }

    void IEngineObserver.DraftFault(string problem, bool isLast)
    {
        lock (_drafts)
            _fault = problem;
    }

    void IEngineObserver.FirstToken(TimeSpan sinceSubmit) { }

    void IEngineObserver.NextToken(TimeSpan sinceLast) { }

    void IEngineObserver.Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) { }

    /// <summary>What came of drafts, as the end of a line; empty where nothing drafts.</summary>
    private string Drafts(int tokens)
    {
        if (_engine.Composition.Strategy is null)
            return "";
        lock (_drafts)
        {
            string sources = _drafts.Count == 0 ? "none" : string.Join(", ", _drafts.Select(d => $"{d.Key} {d.Value.Accepted} of {d.Value.Drafted} accepted"));
            string steps = _steps > 0 ? $"; {(double)Math.Max(0, tokens - 1) / _steps:F2} tokens a step" : "";
            return $"; drafts: {sources}{steps}{(_fault is null ? "" : $"; {_fault}")}";
        }
    }

    private static string Speed(int prompt, int cached, int tokens, TimeSpan first, TimeSpan total)
    {
        string prefill = first > TimeSpan.Zero ? $"{(prompt - cached) / first.TotalSeconds:F1}" : "-";
        string decode = tokens > 1 ? $"{(tokens - 1) / (total - first).TotalSeconds:F1}" : "-";
        return $"prefill {prompt} tokens ({cached} cached) in {first.TotalSeconds:F2} s: {prefill} tokens/s; decode {Math.Max(0, tokens - 1)} tokens in {(total - first).TotalSeconds:F2} s: {decode} tokens/s";
    }
}
