namespace Tessera.Engine.Speculation;

/// <summary>How often draft tokens are accepted when those before them are, by source: exponentially weighted shares, by places in a draft, and by the tokens that agree with where the draft comes from.</summary>
/// <remarks>A draft that says how far its place agrees is judged by that: its first token's chance is that of so many tokens that agree, the next one's that of one more. So one long run teaches what every later one is worth.</remarks>
/// <param name="sources">The sources.</param>
/// <param name="positions">The longest draft.</param>
/// <param name="memory">What a new observation at a place leaves of the old ones, 0 to 1.</param>
internal sealed class AcceptanceStats(int sources, int positions, double memory)
{
    /// <summary>Observations that the prior counts as.</summary>
    private const double PriorWeight = 2;

    /// <summary>What is assumed of a first token before anything is known, and of one that a single token speaks for.</summary>
    private const double FirstGuess = 0.6, LeastGuess = 0.4;

    /// <summary>What more agreement is assumed to leave of doubt, from one class to the next.</summary>
    private const double DoubtLeft = 0.75;

    // The fewest tokens of each class of agreement.
    private static readonly int[] Classes = [1, 2, 3, 4, 5, 7, 10, 15, 23, 34, 50];

    private readonly int _entries = positions + Classes.Length;
    private readonly double[] _accepted = new double[sources * (positions + Classes.Length)];
    private readonly double[] _seen = new double[sources * (positions + Classes.Length)];

    // A run of agreement is observed once for each token, a place once for each draft.
    private readonly double _runMemory = Math.Sqrt(memory);

    /// <summary>The fewest tokens of each class of agreement.</summary>
    public static ReadOnlySpan<int> Agreements => Classes;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_accepted);
        Array.Clear(_seen);
    }

    /// <summary>Takes a verified draft in.</summary>
    /// <param name="source">Where it came from.</param>
    /// <param name="agreed">The tokens before it that agree with its place; 0: not known.</param>
    /// <param name="accepted">Its first tokens that were accepted.</param>
    /// <param name="rejected">Whether the next one was rejected; else there was none, or the sequence had ended.</param>
    public void Add(int source, int agreed, int accepted, bool rejected)
    {
        int judged = accepted + (rejected ? 1 : 0);
        for (int i = 0; i < judged; i++)
        {
            if (i < positions)
                Observe(source * _entries + i, i < accepted, memory);
            if (agreed > 0)
                Observe(source * _entries + positions + Class(agreed + i), i < accepted, _runMemory);
        }
    }

    /// <summary>The chance that a token is accepted when all before it in the draft are.</summary>
    /// <param name="source">The source.</param>
    /// <param name="agreed">The tokens before the draft that agree with its place; 0: not known.</param>
    /// <param name="position">Its place in the draft, from 0.</param>
    /// <param name="prior">Knows more of the source in general, or null.</param>
    public double Chance(int source, int agreed, int position, AcceptanceStats? prior = null) => agreed > 0 ? OfClass(source, Class(agreed + position), prior) : OfPlace(source, position, prior);

    private double OfPlace(int source, int position, AcceptanceStats? prior)
    {
        // A place that was hardly ever reached is taken to be like the one before it.
        double guess = prior?.OfPlace(source, position, null) ?? (position == 0 ? FirstGuess : OfPlace(source, position - 1, null));
        return Mix(source * _entries + position, guess);
    }

    private double OfClass(int source, int index, AcceptanceStats? prior)
    {
        double guess = prior?.OfClass(source, index, null) ?? (index == 0 ? LeastGuess : 1 - DoubtLeft * (1 - OfClass(source, index - 1, null)));
        return Mix(source * _entries + positions + index, guess);
    }

    private double Mix(int at, double guess) => (_accepted[at] + PriorWeight * guess) / (_seen[at] + PriorWeight);

    private void Observe(int at, bool accepted, double left)
    {
        _accepted[at] = _accepted[at] * left + (accepted ? 1 : 0);
        _seen[at] = _seen[at] * left + 1;
    }

    private static int Class(int agreed)
    {
        int index = Classes.Length - 1;
        while (agreed < Classes[index])
            index--;
        return index;
    }
}
