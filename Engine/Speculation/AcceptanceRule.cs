using Tessera.Engine.Sampling;

namespace Tessera.Engine.Speculation;

/// <summary>Decides by chance on a draft token.</summary>
internal interface IAcceptanceRule
{
    /// <summary>The token that stands at the draft's place: the draft itself when it is accepted, and never when it is not.</summary>
    /// <param name="target">What the place's token is distributed by: probabilities after the whole sampler chain. May be changed.</param>
    /// <param name="draft">The draft token.</param>
    /// <param name="source">What the draft was sampled from; empty: all of its probability was the draft's.</param>
    /// <param name="accept">A uniform number from [0, 1).</param>
    /// <param name="residual">Another.</param>
    int Decide(Candidates target, int draft, ReadOnlySpan<DraftCandidate> source, double accept, double residual);
}

/// <summary>The rule of speculative sampling (Leviathan et al., arXiv 2211.17192): a draft x from q is accepted with probability min(1, p(x) / q(x)); else the token comes from max(0, p − q), normalized. So it is distributed by p.</summary>
internal sealed class SpeculativeSampling : IAcceptanceRule
{
    /// <inheritdoc/>
    public int Decide(Candidates target, int draft, ReadOnlySpan<DraftCandidate> source, double accept, double residual)
    {
        Span<Candidate> items = target.Items;
        int at = target.IndexOf(draft);
        double p = at < 0 ? 0 : items[at].Probability;
        if (accept * Probability(source, draft) < p)
            return draft;
        foreach ((int other, float q) in source)
            if (target.IndexOf(other) is >= 0 and int i)
                items[i].Probability = Math.Max(0, items[i].Probability - q);
        if (at >= 0)
            items[at].Probability = 0; // p < q here, whatever the rounding.
        int token = target.DrawByProbability(residual);
        // Nothing is left where p and q differ by rounding only.
        return token >= 0 ? token : p > 0 ? draft : items[target.Best()].Id;
    }

    private static double Probability(ReadOnlySpan<DraftCandidate> source, int token)
    {
        foreach ((int candidate, float probability) in source)
            if (candidate == token)
                return probability;
        return 1;
    }
}
