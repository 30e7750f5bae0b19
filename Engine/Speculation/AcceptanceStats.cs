namespace Tessera.Engine.Speculation;

/// <summary>How often draft tokens are accepted, by source and position: exponentially weighted shares among those whose predecessors were accepted.</summary>
/// <param name="sources">The sources.</param>
/// <param name="positions">The longest draft.</param>
/// <param name="memory">What a new observation leaves of the old ones, 0 to 1.</param>
internal sealed class AcceptanceStats(int sources, int positions, double memory)
{
    /// <summary>Observations that the prior counts as.</summary>
    private const double PriorWeight = 2;

    /// <summary>What is assumed of a first token before anything is known.</summary>
    private const double FirstGuess = 0.6;

    private readonly double[] _accepted = new double[sources * positions];
    private readonly double[] _seen = new double[sources * positions];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_accepted);
        Array.Clear(_seen);
    }

    /// <summary>Takes a verified draft in.</summary>
    /// <param name="source">Where it came from.</param>
    /// <param name="accepted">Its first tokens that were accepted.</param>
    /// <param name="rejected">Whether the next one was rejected; else there was none, or the sequence had ended.</param>
    public void Add(int source, int accepted, bool rejected)
    {
        int judged = Math.Min(positions, accepted + (rejected ? 1 : 0));
        for (int i = 0; i < judged; i++)
        {
            int at = source * positions + i;
            _accepted[at] = _accepted[at] * memory + (i < accepted ? 1 : 0);
            _seen[at] = _seen[at] * memory + 1;
        }
    }

    /// <summary>The weight of what was observed at a position.</summary>
    public double Seen(int source, int position) => _seen[source * positions + position];

    /// <summary>The chance that a token is accepted when all before it in the draft are.</summary>
    /// <param name="source">The source.</param>
    /// <param name="position">Its place in the draft, from 0.</param>
    /// <param name="prior">Knows more of the source in general, or null.</param>
    public double Chance(int source, int position, AcceptanceStats? prior = null)
    {
        // A place that was hardly ever reached is taken to be like the one before it.
        double guess = prior?.Chance(source, position) ?? (position == 0 ? FirstGuess : Chance(source, position - 1));
        int at = source * positions + position;
        return (_accepted[at] + PriorWeight * guess) / (_seen[at] + PriorWeight);
    }
}
