using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;

namespace Tessera.Engine.Sampling;

/// <summary>A model's end tokens: whether one ends a generation, and logits in which only what may come next can be drawn.</summary>
/// <param name="tokenizer">Says which they are.</param>
internal sealed class EndTokens(ITokenizer tokenizer)
{
    private readonly int[] _ids = [.. tokenizer.EndTokens];
    private float[] _rest = [];

    /// <summary>Whether a request ends with a token that is its output's last.</summary>
    /// <param name="request">The request.</param>
    /// <param name="token">The token.</param>
    /// <param name="generated">The output's tokens, this one among them.</param>
    public bool Ends(GenerationRequest request, int token, int generated) =>
        !request.IgnoreEndTokens && generated > request.MinTokens && _ids.AsSpan().Contains(token);

    /// <summary>A model's logits as a request's next token is drawn from them: where it is not to end yet, end tokens have no probability, and neither has what its grammar does not allow. Valid until the next call.</summary>
    /// <param name="request">The request.</param>
    /// <param name="logits">One row; not changed.</param>
    /// <param name="generated">The output's tokens so far.</param>
    /// <param name="grammar">Where the output is in the request's grammar, not at the end; null: there is none.</param>
    public ReadOnlySpan<float> Allowed(GenerationRequest request, ReadOnlySpan<float> logits, int generated, GrammarRun? grammar)
    {
        if (grammar is null && (generated >= request.MinTokens || request.IgnoreEndTokens || _ids.Length == 0))
            return logits;
        if (_rest.Length < logits.Length)
            _rest = new float[logits.Length];
        Span<float> rest = _rest.AsSpan(0, logits.Length);
        if (grammar is not null)
        {
            grammar.Allow(logits, generated, rest);
            return rest;
        }
        logits.CopyTo(rest);
        foreach (int id in _ids)
            if ((uint)id < (uint)rest.Length)
                rest[id] = float.NegativeInfinity;
        return rest;
    }
}
