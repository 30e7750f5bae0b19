using System.Text;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Host.Api;

namespace Tessera.Host.Cli;

/// <summary>Generates on an engine of its own and prints the text as it comes; for <c>run</c> and <c>chat</c>.</summary>
internal sealed class Talk : IAsyncDisposable
{
    private readonly ModelEngine _engine;

    public Talk(Composition composition, ApiModel model)
    {
        Model = model;
        _engine = new ModelEngine(composition, new EngineOptions { MaxBatchTokens = composition.Limits.MaxRows, MaxSequences = composition.Limits.MaxSequences }, TimeProvider.System);
        _engine.Start();
    }

    public ApiModel Model { get; }

    /// <summary>Prints a continuation.</summary>
    /// <returns>Its text, and how fast it came.</returns>
    public async Task<(string Text, string Speed)> SayAsync(GenerationRequest request, CancellationToken cancellation)
    {
        long start = TimeProvider.System.GetTimestamp();
        GenerationStream stream = _engine.Submit(request)[0];
        using CancellationTokenRegistration registration = cancellation.Register(stream.Cancel);
        TextStream text = new(Model.Tokenizer.CreateDecoder(skipControl: true), request.Stop, request.Prompt);
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
        return (all.ToString(), Speed(request.Prompt.Length, stream.CachedTokens, tokens, first, TimeProvider.System.GetElapsedTime(start)));

        void Print()
        {
            Console.Write(all.ToString(printed, all.Length - printed));
            printed = all.Length;
        }
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private static string Speed(int prompt, int cached, int tokens, TimeSpan first, TimeSpan total)
    {
        string prefill = first > TimeSpan.Zero ? $"{(prompt - cached) / first.TotalSeconds:F1}" : "-";
        string decode = tokens > 1 ? $"{(tokens - 1) / (total - first).TotalSeconds:F1}" : "-";
        return $"prefill {prompt} tokens ({cached} cached) in {first.TotalSeconds:F2} s: {prefill} tokens/s; decode {Math.Max(0, tokens - 1)} tokens in {(total - first).TotalSeconds:F2} s: {decode} tokens/s";
    }
}
