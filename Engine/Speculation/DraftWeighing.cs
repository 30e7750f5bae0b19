namespace Tessera.Engine.Speculation;

/// <summary>What a step's draft rows came to when they were weighed.</summary>
/// <param name="Rows">Those that are worth it.</param>
/// <param name="Offered">Those that there were, as far as costs are known.</param>
/// <param name="Worth">What each accepted token of the step is worth, in plain steps.</param>
/// <param name="FirstWorth">The same, if only the first row is taken.</param>
/// <param name="Rate">The expected tokens of a sequence in a millisecond.</param>
internal readonly record struct WeighedDrafts(int Rows, int Offered, double Worth, double FirstWorth, double Rate);

/// <summary>The formula: draft rows in the order in which they promise most, and as many of them as give the most expected tokens for the time, if the account answers for the risk. Allocates nothing once it is made.</summary>
/// <param name="costs">What steps take.</param>
/// <param name="general">How often drafts of any sequence are accepted.</param>
/// <param name="sequences">The most sequences.</param>
internal sealed class DraftWeighing(StepCosts costs, AcceptanceStats general, int sequences)
{
    /// <summary>Drafts that promise less than this part more are not worth the risk that estimates are wrong, and not worth going into debt for.</summary>
    public const double WorthRisk = 1.02, WorthDebt = 1.1;

    /// <summary>What the account may owe for each time as many tokens again that drafts promise, and where a draft model promises enough, in plain steps of one sequence.</summary>
    public const double DebtForGain = 6, ModelDebt = 64;

    // By sequence: the chance that the next token of its draft comes to be accepted, the tokens that it is expected to get with those before, and their number.
    private readonly double[] _gains = new double[sequences], _tokens = new double[sequences];
    private readonly int[] _lengths = new int[sequences];

    /// <summary>Weighs the rows of a step's drafts.</summary>
    /// <param name="batch">Sequences that decode in the step.</param>
    /// <param name="drafts">The drafts.</param>
    /// <param name="stats">Those of their sequences.</param>
    /// <param name="drafting">What proposing them took, in milliseconds.</param>
    /// <param name="account">The account.</param>
    public WeighedDrafts Weigh(int batch, DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats, double drafting, double account)
    {
        double step = costs.Milliseconds(batch, 0), plain = 1 / (step + drafting), best = plain * WorthRisk, debt = DebtForGain * costs.Milliseconds(1, 0);
        double waits = batch, gained = 0, risk = 1, worth = 1.0 / batch, first = 0;
        int total = 0, chosen = 0, most = Math.Min(EngineOptions.MaxDraftRows, costs.Farthest(batch));
        Start(drafts, stats);
        while (total < most && Likeliest(stats.Length) is >= 0 and int next)
        {
            if (total == 0)
                risk = 1 - _gains[next];
            waits -= Saved(next);
            gained += _gains[next];
            Extend(drafts, stats, next);
            double time = costs.Milliseconds(batch, ++total), mean = batch / waits, rate = mean / (time + drafting);
            if (total == 1)
                first = (mean - 1) / gained;
            // The account answers for a step in which nothing is accepted, as far as that is to be feared.
            if (rate > best && account + (rate > plain * WorthDebt ? debt * (rate / plain - 1) : 0) > risk * (time - step))
                (best, chosen, worth) = (rate, total, (mean - 1) / gained);
        }
        return new WeighedDrafts(chosen, total, worth, first, chosen > 0 ? best : plain);
    }

    /// <summary>How many tokens a draft model should draft for each of some sequences.</summary>
    /// <param name="batch">Sequences that decode in the step.</param>
    /// <param name="asked">Those that may be drafted for.</param>
    /// <param name="source">The draft model's source.</param>
    /// <param name="most">The most tokens that it may have for any of them.</param>
    /// <param name="forward">What one batch of the draft model takes, in milliseconds.</param>
    /// <param name="account">The account.</param>
    public int ModelLength(int batch, ReadOnlySpan<AcceptanceStats> asked, int source, int most, double forward, double account)
    {
        double plain = 1 / costs.Milliseconds(batch, 0), best = plain;
        int length = 0;
        for (int i = 0; i < asked.Length; i++)
            (_tokens[i], _gains[i]) = (1, 1);
        for (int k = 1; k <= most && k * asked.Length <= EngineOptions.MaxDraftRows; k++)
        {
            double waits = batch - asked.Length;
            for (int i = 0; i < asked.Length; i++)
                waits += 1 / (_tokens[i] += _gains[i] *= asked[i].Chance(source, 0, k - 1, general));
            double rate = batch / waits / (costs.Milliseconds(batch, k * asked.Length) + k * forward);
            if (rate > best)
                (best, length) = (rate, k);
        }
        return account + (best > plain * WorthDebt ? ModelDebt * costs.Milliseconds(1, 0) : 0) > 0 ? length : 0;
    }

    /// <summary>Cuts drafts to so many rows, in the order in which they were weighed.</summary>
    public void Take(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats, int rows)
    {
        Start(drafts, stats);
        for (int row = 0; row < rows; row++)
            Extend(drafts, stats, Likeliest(stats.Length));
        for (int i = 0; i < stats.Length; i++)
            drafts.Cut(i, _lengths[i]);
    }

    /// <summary>The chance that a token of a sequence's draft is accepted when those before it are; 0 behind its end.</summary>
    public double Chance(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats, int sequence, int position) =>
        position < drafts.Tokens(sequence).Length ? stats[sequence].Chance(drafts.Source(sequence), drafts.Agreed(sequence), position, general) : 0;

    private void Start(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats)
    {
        for (int i = 0; i < stats.Length; i++)
            (_lengths[i], _tokens[i], _gains[i]) = (0, 1, Chance(drafts, stats, i, 0));
    }

    /// <summary>Takes the next token of a sequence's draft.</summary>
    private void Extend(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats, int sequence)
    {
        _tokens[sequence] += _gains[sequence];
        _gains[sequence] *= Chance(drafts, stats, sequence, ++_lengths[sequence]);
    }

    /// <summary>What the next token of a sequence's draft takes from the time that it waits for one, in steps.</summary>
    private double Saved(int sequence) => _gains[sequence] / (_tokens[sequence] * (_tokens[sequence] + _gains[sequence]));

    /// <summary>The sequence whose next draft token promises most, or −1 when all are at their ends.</summary>
    private int Likeliest(int count)
    {
        int best = -1;
        double most = 0;
        for (int i = 0; i < count; i++)
            if (_gains[i] > 0 && Saved(i) is double saved && saved > most)
                (best, most) = (i, saved);
        return best;
    }
}
