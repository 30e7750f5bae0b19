namespace Tessera.Engine.Speculation;

/// <summary>Chooses how long drafts are: so long that a step's expected tokens over its expected time are most, which is 0 when many sequences share a step or little is accepted.</summary>
/// <remarks>
/// With drafts of k tokens a sequence is expected to get 1 + Σ P(accepted up to a token). B sequences get B times the harmonic mean of that for each (T(B, Σk) + T(drafting)): what counts is the mean time that a sequence waits
/// for a token, so that neighbours do not pay for what one of them gains. What is proposed and not verified is judged all the same, by the token that comes: so acceptance is known where nothing is drafted, and costs
/// nothing to know. An account of time keeps mistakes from costing: what drafts save is put in, what they lose is taken out, and it has to answer for the risk of each; when it is empty nothing is drafted that does not promise
/// clearly more, which may owe a little, until a hundredth of the time that passes has filled it again.
/// </remarks>
internal sealed class DraftTuner
{
    /// <summary>The part of all time that may be spent on drafts that turn out wrong.</summary>
    private const double Allowance = 0.01;

    /// <summary>What the account holds at first and at most, in plain steps of one sequence.</summary>
    private const double FirstCredit = 2, MostCredit = 16;

    /// <summary>The longest draft of a draft model before anything is known of what it takes.</summary>
    private const int FirstModelDraft = 8;

    /// <summary>Steps between probes, and between plain steps while drafts are always worth it: those keep the costs fresh.</summary>
    public const int ProbeEvery = 8, PlainEvery = 128;

    /// <summary>A draft token that is as likely right costs next to nothing to probe.</summary>
    private const double ProbeChance = 0.5;

    private const double SequenceMemory = 0.85, GeneralMemory = 0.98, DraftWeight = 0.2;

    private readonly int _sources, _maxDraft;
    private readonly Stack<AcceptanceStats> _spare = new();
    private readonly bool[] _agreeing;
    private readonly DraftWeighing _weighing;
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
        _agreeing = new bool[sources];
        _weighing = new DraftWeighing(Costs, General, sequences);
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
    public double Account => _open || !Costs.IsKnown ? _account : FirstCredit * Costs.Milliseconds(1, 0);

    /// <summary>What a turn of the strategy takes in which the draft model is not asked, in milliseconds.</summary>
    public double Asking { get; private set; }

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
        _agreeing[source] |= agreed > 0;
    }

    /// <summary>Whether a source was seen to say how far its drafts agree.</summary>
    public bool IsAgreeing(int source) => _agreeing[source];

    /// <summary>How many tokens a draft model should draft for each of some sequences.</summary>
    /// <param name="batch">Sequences that decode in the step.</param>
    /// <param name="asked">Those that may be drafted for.</param>
    /// <param name="source">The draft model's source.</param>
    /// <param name="most">The most tokens that it may have for any of them.</param>
    /// <param name="missing">Rows that the model has yet to compute before it can draft.</param>
    public int ModelLength(int batch, ReadOnlySpan<AcceptanceStats> asked, int source, int most, int missing)
    {
        int length = ModelLengthFor(batch, asked, source, most, missing);
        _modelDrafts = length > 0;
        return length;
    }

    private int ModelLengthFor(int batch, ReadOnlySpan<AcceptanceStats> asked, int source, int most, int missing)
    {
        if (!Costs.IsKnown)
            return Math.Min(most, FirstModelDraft);
        double forward = Forward(asked.Length);
        int length = _weighing.ModelLength(batch, asked, source, most, forward, Account);
        if (length > 0 || most == 0)
            return length;
        // A probe: one token, if the account pays for it.
        bool probe = _step >= _probed + ProbeEvery && Account > missing * _catchUp + forward + Costs.Milliseconds(batch, asked.Length) - Costs.Milliseconds(batch, 0);
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
        (_account, _open) = (Account, true);
        WeighedDrafts weighed = _weighing.Weigh(batch, drafts, stats, drafting, _account);
        (int chosen, _worth) = (weighed.Rows, weighed.Worth);
        // What drafts save is against plain steps of as many sequences: those have to be known.
        if (!Costs.IsMeasured(batch) || (chosen > 0 && _step >= _plain + PlainEvery))
            chosen = 0;
        else if (chosen == 0 && weighed.Offered > 0 && IsWorthProbing(drafts, stats) && _step >= _probed + ProbeEvery && _account > Costs.Milliseconds(batch, 1) - Costs.Milliseconds(batch, 0))
            (chosen, _worth) = (1, weighed.FirstWorth);
        if (chosen == 0)
            _plain = _step;
        else
            _probed = _step;
        _weighing.Take(drafts, stats, chosen);
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
        if (drafting > 0 && !_modelDrafts)
            Asking = Asking == 0 ? drafting : Asking + DraftWeight * (drafting - Asking);
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

    /// <summary>Whether a step with a single draft row may show what nothing else does: what a sampled draft is worth, which no token tells that was drawn without it; or, where a draft is likely right, that such a step takes less than is thought.</summary>
    private bool IsWorthProbing(DraftBuffer drafts, ReadOnlySpan<AcceptanceStats> stats)
    {
        for (int i = 0; i < stats.Length; i++)
            if (_weighing.Chance(drafts, stats, i, 0) >= ProbeChance || (!drafts.Tokens(i).IsEmpty && !drafts.Distribution(i, 0).IsEmpty))
                return true;
        return false;
    }

    private static int ForwardBucket(int sequences) => Math.Min(7, System.Numerics.BitOperations.Log2((uint)Math.Max(1, sequences)));
}
