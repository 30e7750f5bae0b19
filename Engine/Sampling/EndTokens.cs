using Tessera.Engine.Generation;

namespace Tessera.Engine.Sampling;

/// <summary>A model's end tokens: whether one ends a generation, and logits in which none can be drawn.</summary>
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

    /// <summary>A model's logits as a request's next token is drawn from them: where it is not to end yet, end tokens have no probability. Valid until the next call.</summary>
    /// <param name="request">The request.</param>
    /// <param name="logits">One row; not changed.</param>
    /// <param name="generated">The output's tokens so far.</param>
    public ReadOnlySpan<float> Allowed(GenerationRequest request, ReadOnlySpan<float> logits, int generated)
    {
        if (generated >= request.MinTokens || request.IgnoreEndTokens || _ids.Length == 0)
            return logits;
        if (_rest.Length < logits.Length)
            _rest = new float[logits.Length];
        Span<float> rest = _rest.AsSpan(0, logits.Length);
        logits.CopyTo(rest);
        foreach (int id in _ids)
            if ((uint)id < (uint)rest.Length)
                rest[id] = float.NegativeInfinity;
        return rest;
    }
}
