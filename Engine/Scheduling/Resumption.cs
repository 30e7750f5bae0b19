using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Scheduling;

/// <summary>Fits a sequence that another engine began to this one's composition: what it generated is kept, what it had of the other's tokenizer is made anew.</summary>
internal sealed class Resumption(Composition composition, GrammarCache grammars)
{
    private readonly EndTokens _endTokens = new(composition.Tokenizer);

    /// <summary>Fits a sequence.</summary>
    /// <returns>Why it has ended already; none: it goes on.</returns>
    public FinishReason Fit(Sequence sequence)
    {
        FinishReason reason = sequence.Request.Pooled && (composition.Graph.Pooled is null || sequence.PromptLength > composition.LongestPooled) ? FinishReason.Error : FitOne(sequence);
        foreach (Sequence follower in sequence.Followers)
            FitOne(follower);
        sequence.IsForeign = false;
        return reason;
    }

    private FinishReason FitOne(Sequence sequence)
    {
        GenerationRequest request = sequence.Request;
        ReadOnlySpan<int> generated = sequence.Known[sequence.PromptLength..];
        sequence.Grammar = grammars.Open(request);
        foreach (int token in sequence.Grammar is null ? [] : generated)
            sequence.Grammar!.Advance(token);
        if (request.Stop.Count > 0)
        {
            TextStream stops = new(composition.Tokenizer.CreateDecoder(skipControl: true), request);
            foreach (int token in generated)
                stops.Append(token, null);
            sequence.Stops = stops;
            if (stops.Stopped)
                return FinishReason.StopString;
        }
        // The failure of the other engine may have come between a token and the end that it makes.
        if (!generated.IsEmpty && _endTokens.Ends(request, generated[^1], generated.Length))
            return FinishReason.EndToken;
        if (generated.IsEmpty || sequence.Generated != sequence.MaxTokens)
            return FinishReason.None;
        return sequence.Grammar is { MayEnd: true, IsAtEnd: true, Problem: null } ? FinishReason.EndToken : FinishReason.Length;
    }
}
