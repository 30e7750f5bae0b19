namespace Tessera.Engine.Speculation;

/// <summary>Chooses how long drafts are: so long that a step's expected tokens over its expected time are most, which is 0 when many sequences share a step or little is accepted.</summary>
/// <remarks>
/// With drafts of k tokens a sequence is expected to get 1 + Σ P(accepted up to a token). B sequences get B times the harmonic mean of that for each (T(B, Σk) + T(drafting)): what counts is the mean time that a sequence waits
/// for a token, so that neighbours do not pay for what one of them gains. What is proposed and not verified is judged all the same, by the token that comes: so acceptance is known where nothing is drafted, and costs
/// nothing to know. An account of time keeps mistakes from costing: what drafts save is put in, what they lose is taken out, and when it is empty nothing is drafted that does not promise clearly more, until a hundredth
/// of the time that passes has filled it again.
/// </remarks>
internal sealed class DraftTuner
{
    /// <summary>The part of all time that may be spent on drafts that turn out wrong.</summary>
    private const double Allowance = 0.01;

    /// <summary>What the account holds at first and at most, what it may owe for each time as many tokens again that drafts promise, and where a draft model has to catch up, in plain steps of one sequence.</summary>
    private const double FirstCredit = 2, MostCredit = 16, DebtForGain = 6, MostModelDebt = 64;

    /// <summary>Drafts that promise less than this part more are not worth the risk that estimates are wrong, and not worth going into debt for.</summary>
    private const double WorthRisk = 1.02, WorthDebt = 1.1;

    /// <summary>The longest draft of a draft model before anything is known of what it takes.</summary>
    private const int FirstModelDraft = 8;

    /// <summary>Steps between probes, and between plain steps while drafts are always worth it: those keep the costs fresh.</summary>
    private const int ProbeEvery = 8, PlainEvery = 128;

    /// <summary>A draft token that is as likely right costs next to nothing to probe.</summary>
    private const double ProbeChance = 0.5;

    private const double SequenceMemory = 0.85, GeneralMemory = 0.98, DraftWeight = 0.2;

    private readonly int _sources, _maxDraft;
    private readonly Stack<AcceptanceStats> _spare = new();

    // By sequence: the chance that the next token of its draft comes to be accepted, the tokens that it is expected to get with those before, and their number.
    private readonly double[] _gains, _tokens;
    private readonly int[] _lengths;
    private readonly double[] _forward = new double[8];
    private double _account, _catchUp;

    // What each accepted token of the step is worth, in plain steps.
    private double _worth;
    private bool _open, _modelDrafts;
    private long _step, _probed, _plain;

    public DraftTuner(int sources, int maxDraft, int sequences)
    {
        (_sources, _maxDraft) = (sources, maxDraft);
        General = new AcceptanceStats(sources, maxDraft, GeneralMemory);
        (_gains, _tokens) = (new double[sequences], new double[sequences]);
        _lengths = new int[sequences];
    }

    /// <summary>What steps take.</summary>
    public StepCosts Costs { get; } = new();

    /// <summary>How often drafts of any sequence are accepted.</summary>
    public AcceptanceStats General { get; }

    /// <summary>The sequences that decoded in the last step.</summary>
    public int Batch { get; private set; } = 1;

    /// <summary>The draft rows of the last step.</summary>
    public int Chosen { get; private set; }

    /// <summary>Time that drafts have saved and not lost again, in milliseconds, within its bounds.</summary>
    public double Account => _account;

    /// <summary>Statistics for a sequence.</summary>
    public AcceptanceStats Rent() => _spare.TryPop(out AcceptanceStats? stats) ? stats : new AcceptanceStats(_sources, _maxDraft, SequenceMemory);

    /// <summary>Takes statistics back.</summary>
    public void Return(AcceptanceStats stats)
    {
        stats.Clear();
        _spare.Push(stats);
    }

    /// <summary>Takes what became of a draft in.</summary>
    /// <param name="stats">The sequence's.</param>
    /// <param name="source">Where the draft came from.</param>
    /// <param name="agreed">The tokens before it that agree with its place; 0: not known.</param>
    /// <param name="accepted">Its first tokens that were right.</param>
    /// <param name="rejected">Whether the next one was wrong; else nothing is known of it.</param>
    public void Observe(AcceptanceStats stats, int source, int agreed, int accepted, bool rejected)
    {
        stats.Add(source, agreed, accepted, rejected);
        General.Add(source, agreed, accepted, rejected);
    }

    /// <summary>How many tokens a draft model should draft for each of some sequences.</summary>
    /// <param name="batch">Sequences that decode in the step.</param>
    /// <param name="asked">Those that may be drafted for.</param>
    /// <param name="source">The draft model's source.</param>
    /// <param name="missing">Rows that the model has yet to compute before it can draft.</param>
    public int ModelLength(int batch, ReadOnlySpan<AcceptanceStats> asked, int source, int missing)
    {
        int length = ModelLengthFor(batch, asked, source, missing);
        _modelDrafts = length > 0;
        return length;
    }

    private int ModelLengthFor(int batch, ReadOnlySpan<AcceptanceStats> asked, int source, int missing)
    {
        if (!Costs.IsKnown)
            return Math.Min(_maxDraft, FirstModelDraft);
        double forward = Forward(asked.Length), plain = 1 / Costs.Milliseconds(batch, 0), best = plain;
        int length = 0;
        for (int i = 0; i < asked.Length; i++)
            (_tokens[i], _gains[i]) = (1, 1);
        for (int k = 1; k <= _maxDraft && k * asked.Length <= EngineOptions.MaxDraftRows; k++)
        {
            double waits = batch - asked.Length;
            for (int i = 0; i < asked.Length; i++)
                waits += 1 / (_tokens[i] += _gains[i] *= asked[i].Chance(source, 0, k - 1, General));
            double rate = batch / waits / (Costs.Milliseconds(batch, k * asked.Length) + k * forward);
            if (rate > best)
                (best, length) = (rate, k);
        }
        double debt = best > plain * WorthDebt ? MostModelDebt * Costs.Milliseconds(1, 0) : 0;
        if (_account + debt <= 0)
            return 0;
        if (length > 0)
            return length;
        // A probe: one token, if the account pays for it.
        bool probe = _step >= _probed + ProbeEvery && _account > missing * _catchUp + forward + Costs.Milliseconds(batch, asked.Length) - Costs.Milliseconds(batch, 0);
        return probe ? 1 : 0;
    }

    /// <summary>Cuts a step's drafts to what is worth it.</summary>
    /// <param name="batch">Sequences that decode in the step.</param>
    /// <param name="drafts">The drafts.</param>
    /// <param name="stats">Those of their sequences.</param>
    /// <param name="drafting">What proposing them took, in milliseconds.</param>
    public void Cut(int batch, DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats, double drafting)
    {
        _worth = 1.0 / batch;
        if (!Costs.IsKnown)
            return;
        if (!_open)
            (_open, _account) = (true, FirstCredit * Costs.Milliseconds(1, 0));
        double step = Costs.Milliseconds(batch, 0), plain = 1 / (step + drafting), best = plain * WorthRisk, waits = batch, gained = 0, first = 0;
        double debt = DebtForGain * Costs.Milliseconds(1, 0), risk = 1;
        int total = 0, chosen = 0, most = Math.Min(EngineOptions.MaxDraftRows, Costs.Farthest(batch));
        Start(drafts, stats);
        while (total < most && Likeliest(stats.Length) is >= 0 and int next)
        {
            if (total == 0)
                risk = 1 - _gains[next];
            waits -= Saved(next);
            gained += _gains[next];
            Extend(drafts, stats, next);
            double time = Costs.Milliseconds(batch, ++total), mean = batch / waits, rate = mean / (time + drafting);
            if (total == 1)
                first = (mean - 1) / gained;
            // The account answers for a step in which nothing is accepted, as far as that is to be feared.
            if (rate > best && _account + (rate > plain * WorthDebt ? debt * (rate / plain - 1) : 0) > risk * (time - step))
                (best, chosen, _worth) = (rate, total, (mean - 1) / gained);
        }
        // What drafts save is against plain steps of as many sequences: those have to be known.
        if (!Costs.IsMeasured(batch) || (chosen > 0 && _step >= _plain + PlainEvery))
            chosen = 0;
        else if (chosen == 0 && total > 0 && IsWorthProbing(drafts, stats) && _step >= _probed + ProbeEvery && _account > Costs.Milliseconds(batch, 1) - step)
            (chosen, _worth) = (1, first);
        if (chosen == 0)
            _plain = _step;
        else
            _probed = _step;
        Take(drafts, stats, chosen);
    }

    /// <summary>Takes a step's time in.</summary>
    /// <param name="batch">Sequences that decoded.</param>
    /// <param name="rows">Draft rows.</param>
    /// <param name="accepted">Draft tokens that were right.</param>
    /// <param name="milliseconds">The step's time without the drafting.</param>
    /// <param name="drafting">What proposing took.</param>
    /// <param name="prompts">Whether it held rows of prompts: then its time says nothing about drafts.</param>
    public void Measured(int batch, int rows, int accepted, double milliseconds, double drafting, bool prompts)
    {
        _step++;
        if (batch == 0)
            return;
        (Batch, Chosen) = (batch, rows);
        if (!prompts)
            Costs.Add(batch, rows, milliseconds);
        if (!Costs.IsKnown)
            return;
        double plain = Costs.Milliseconds(batch, 0), expected = Costs.Milliseconds(batch, rows);
        double spent = prompts ? expected : Math.Min(milliseconds, 2 * expected);
        double saved = rows > 0 ? (1 + _worth * accepted) * plain - spent : 0;
        double most = MostCredit * Costs.Milliseconds(1, 0), allowed = Allowance * spent;
        // The first calls of a strategy are compiled meanwhile: no turn takes more than a few steps.
        double asking = Math.Min(drafting, _modelDrafts ? most : rows > 0 ? plain : allowed);
        _modelDrafts = false;
        _account = Math.Min(_account + saved - asking + allowed, most);
    }

    /// <summary>Takes the time of one batch of the draft model in.</summary>
    /// <param name="sequences">The sequences in it.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="milliseconds">Its time.</param>
    public void MeasuredModel(int sequences, int rows, double milliseconds)
    {
        // A sequence has one row, or two where all of the last draft was accepted; more is catching up.
        if (rows > 2 * sequences)
        {
            double row = milliseconds / rows;
            _catchUp = _catchUp == 0 ? row : _catchUp + DraftWeight * (row - _catchUp);
            return;
        }
        ref double forward = ref _forward[ForwardBucket(sequences)];
        forward = forward == 0 ? milliseconds : forward + DraftWeight * (milliseconds - forward);
    }

    /// <summary>What one batch of the draft model takes, in milliseconds; before it was measured, a quarter of a step.</summary>
    public double Forward(int sequences)
    {
        int bucket = ForwardBucket(sequences);
        for (int distance = 0; distance < _forward.Length; distance++)
        {
            if (bucket >= distance && _forward[bucket - distance] > 0)
                return _forward[bucket - distance];
            if (bucket + distance < _forward.Length && _forward[bucket + distance] > 0)
                return _forward[bucket + distance];
        }
        return Costs.Milliseconds(1, 0) / 4;
    }

    /// <summary>The chance that the first so many tokens of a source's draft are all accepted.</summary>
    public double Reach(int source, int length)
    {
        double reach = 1;
        for (int i = 0; i < length; i++)
            reach *= General.Chance(source, 0, i);
        return reach;
    }

    private double Chance(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats, int sequence, int position) =>
        position < drafts.Tokens(sequence).Length ? stats[sequence].Chance(drafts.Source(sequence), drafts.Agreed(sequence), position, General) : 0;

    /// <summary>Whether a step with a single draft row may show what nothing else does: what a sampled draft is worth, which no token tells that was drawn without it; or, where a draft is likely right, that such a step takes less than is thought.</summary>
    private bool IsWorthProbing(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats)
    {
        for (int i = 0; i < stats.Length; i++)
            if (Chance(drafts, stats, i, 0) >= ProbeChance || (!drafts.Tokens(i).IsEmpty && !drafts.Distribution(i, 0).IsEmpty))
                return true;
        return false;
    }

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

    /// <summary>Takes so many tokens, in the order in which they were weighed.</summary>
    private void Take(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats, int rows)
    {
        Start(drafts, stats);
        for (int row = 0; row < rows; row++)
            Extend(drafts, stats, Likeliest(stats.Length));
        for (int i = 0; i < stats.Length; i++)
            drafts.Cut(i, _lengths[i]);
    }

    private static int ForwardBucket(int sequences) => Math.Min(7, System.Numerics.BitOperations.Log2((uint)Math.Max(1, sequences)));
}
