using Tessera.Engine.Scheduling;

namespace Tessera.Engine.Speculation;

/// <summary>Asks the decoding strategy for a step's drafts and cuts them to what is allowed and worth it. A strategy that fails loses its turn; one that goes on failing, or does not come back, is not asked again: plain decoding goes on.</summary>
internal sealed class Drafter : IDisposable
{
    /// <summary>Turns without the draft model after it had to give its memory up.</summary>
    private const int RestTurns = 256;

    private readonly DraftSequence[] _asked;
    private readonly Sequence[] _sequences;
    private readonly AcceptanceStats[] _stats;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly IEngineObserver? _observer;
    private readonly DraftBuffer _buffer;
    private readonly DraftFaults _faults = new();
    private readonly int _prediction, _modelSource;
    private readonly string[] _sources;
    private readonly DraftTraits[] _traits;
    private IDecodingStrategy? _strategy;
    private List<Notice> _notices = [], _delivering = [];
    private int _count, _rest;

    /// <summary>Makes the buffers.</summary>
    public Drafter(Composition composition, EngineOptions options, int sequences, int mostRows, TimeProvider time, IEngineObserver? observer)
    {
        (_options, _time, _observer) = (options, time, observer);
        IDecodingStrategy? strategy = composition.Strategy;
        MaxDraft = strategy is null ? 0 : Math.Clamp(strategy.MaxDraft, 0, mostRows);
        _strategy = MaxDraft == 0 ? null : strategy;
        _sources = _strategy is null ? [] : [.. _strategy.Sources];
        _prediction = Array.IndexOf(_sources, DraftSources.Prediction);
        _asked = new DraftSequence[sequences];
        _sequences = new Sequence[sequences];
        _stats = new AcceptanceStats[sequences];
        _buffer = new DraftBuffer(sequences, MaxDraft, _sources.Length, composition.Graph.VocabularySize);
        Tuner = new DraftTuner(_sources.Length, MaxDraft, sequences);
        Watch = new DraftWatch(time);
        _modelSource = -1;
        if (_strategy is IDraftModelStrategy modelled && composition.Draft is { } draft)
        {
            Model = new DraftModel(draft, composition.Graph.VocabularySize, sequences, MaxDraft, Tuner, Watch, time);
            modelled.Attach(Model);
            _modelSource = Array.IndexOf(_sources, DraftSources.Model);
        }
        _traits = [.. _sources.Select((name, source) => TraitsOf(name, source))];
    }

    /// <summary>The most draft tokens for one sequence.</summary>
    public int MaxDraft { get; }

    /// <summary>Whether there is a strategy that works.</summary>
    public bool IsActive => _strategy is not null;

    /// <summary>Whether it has to be called in this step: for drafts, or to be told something.</summary>
    public bool IsAsking => _strategy is not null && (_count > 0 || _notices.Count > 0);

    /// <summary>The names of the strategy's sources.</summary>
    public IReadOnlyList<string> Sources => _sources;

    /// <summary>What a source's drafts are like; of no tokens where the source is a draft model and there is none.</summary>
    public DraftTraits Traits(int source) => _traits[source];

    /// <summary>Whether drafts are cut to what is worth it.</summary>
    public bool IsTuned => _options.TuneDrafts && Tuner.Costs.IsKnown;

    /// <summary>Why the strategy is not asked any more; null while it is.</summary>
    public string? Problem => _faults.Problem;

    /// <summary>Turns that the strategy has lost.</summary>
    public int Faults => _faults.Count;

    /// <summary>Chooses the drafts' length.</summary>
    public DraftTuner Tuner { get; }

    /// <summary>Knows when the strategy's code runs.</summary>
    public DraftWatch Watch { get; }

    /// <summary>The draft model, or null.</summary>
    public DraftModel? Model { get; }

    /// <summary>What the last turn took.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>The sequences that drafts were asked for.</summary>
    public ReadOnlySpan<Sequence> Sequences => _sequences.AsSpan(0, _count);

    /// <summary>The draft of one of them.</summary>
    public ReadOnlySpan<int> Drafts(int index) => _buffer.Tokens(index);

    /// <summary>What a token of it was sampled from; empty where it was not left to chance.</summary>
    public ReadOnlySpan<DraftCandidate> Distribution(int index, int position) => _buffer.Distribution(index, position);

    /// <summary>Measures what the draft model takes.</summary>
    public void Calibrate()
    {
        try
        {
            Model?.Calibrate();
        }
        catch (TesseraException e)
        {
            Fault(e.Message);
        }
    }

    /// <summary>Starts a step.</summary>
    public void Clear()
    {
        Array.Clear(_asked, 0, _count);
        Array.Clear(_sequences, 0, _count);
        _buffer.Clear();
        _count = 0;
        Elapsed = default;
    }

    /// <summary>Asks for drafts for a sequence.</summary>
    public void Ask(Sequence sequence, int room)
    {
        sequence.DraftIndex = _count;
        _asked[_count] = new DraftSequence(sequence.Id, sequence.Tokens.AsMemory(0, sequence.Length), room)
        {
            PromptLength = sequence.PromptLength,
            Temperature = sequence.Sampler.AcceptsByChance ? sequence.Request.Sampling.Temperature : 0,
            Prediction = sequence.Request.Prediction,
            CacheSalt = sequence.Request.CacheSalt,
        };
        _stats[_count] = sequence.Acceptance ??= Tuner.Rent();
        _sequences[_count++] = sequence;
        _buffer.Open(room);
    }

    /// <summary>Tells the strategy what became of its last drafts, and lets it fill new ones in.</summary>
    /// <param name="batch">Sequences that decode in the step.</param>
    /// <returns>False: the call has come back so late that the step is another thread's now.</returns>
    public bool Propose(int batch)
    {
        if (!IsAsking)
            return true;
        IDecodingStrategy strategy = _strategy!;
        long start = _time.GetTimestamp();
        bool asks = _count > 0;
        if (asks && _modelSource >= 0)
            GiveModelRoom(batch);
        Model?.BeginTurn();
        // Whoever takes the step over does not see the list that is being gone through.
        (_notices, _delivering) = (_delivering, _notices);
        List<Notice> notices = _delivering;
        Watch.Start();
        string? fault = Deliver(strategy, notices);
        try
        {
            if (asks)
                strategy.Propose(_asked.AsSpan(0, _count), _buffer);
        }
        catch (Exception e)
        {
            fault = Describe(e);
        }
        if (!Watch.TryLeave())
            return false;
        notices.Clear();
        fault = _buffer.Problem ?? fault ?? (Watch.Own > _options.DraftBudget ? $"it took {Watch.Own.TotalMilliseconds:F0} ms of {_options.DraftBudget.TotalMilliseconds:F0}" : null);
        if (fault is not null)
        {
            for (int i = 0; i < _count; i++)
                _buffer.Drop(i);
            Fault(fault);
        }
        else
            _faults.Passed();
        Elapsed = _time.GetElapsedTime(start);
        if (asks && _options.TuneDrafts)
            Tuner.Cut(batch, _buffer, _stats.AsSpan(0, _count), Elapsed.TotalMilliseconds);
        return true;
    }

    /// <summary>How many of a draft's first tokens its sequence's grammar lets come. The one after them is known to be wrong and needs no row. A sampled draft is not to be shortened for any other reason after this: how long it is would
    /// depend on what was drawn, and so would the output.</summary>
    /// <param name="index">The sequence's index.</param>
    /// <param name="count">The draft's tokens that are to be verified.</param>
    public int Fit(int index, int count)
    {
        if (count == 0 || _sequences[index].Grammar is not { } grammar)
            return count;
        int fitting = grammar.Fit(_buffer.Tokens(index)[..count], _sequences[index].Generated);
        if (fitting < count)
            _buffer.Refuse(index, fitting);
        return fitting;
    }

    /// <summary>The draft token that a sequence's grammar refused at a place of its draft; −1: there is none.</summary>
    public int Refused(Sequence sequence, int place)
    {
        int index = sequence.DraftIndex;
        return (uint)index < (uint)_count && _sequences[index] == sequence ? _buffer.Refused(index, place) : -1;
    }

    /// <summary>Gives the strategy up while its code still runs on another thread; it keeps what it holds. The step goes on without drafts.</summary>
    public void Abandon()
    {
        _buffer.Close();
        _count = 0;
        _notices.Clear();
        _faults.Add();
        SetAside($"it did not come back within {_options.DraftPatience.TotalSeconds:G3} s");
    }

    /// <summary>Takes note of what became of a draft; the strategy is told at the start of its next turn, where it is watched.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="accepted">The draft's tokens that were accepted.</param>
    /// <param name="rejected">Whether the next one was rejected; else the draft or the sequence was at its end.</param>
    /// <param name="next">The token that came after all that was verified; −1: there is none.</param>
    public void Verified(Sequence sequence, int accepted, bool rejected, int next)
    {
        int index = sequence.DraftIndex, proposed = sequence.Drafts;
        if ((uint)index >= (uint)_count || _sequences[index] != sequence)
            return;
        int source = _buffer.Source(index), right = accepted;
        // Where the draft would have gone on, the token that came says whether it was right.
        if (next >= 0 && _buffer.Proposed(index, proposed) is >= 0 and int more)
            (right, rejected) = more == next ? (right + 1, false) : (right, true);
        rejected |= next >= 0 && _buffer.Refused(index, proposed) >= 0;
        Tuner.Observe(_stats[index], source, _buffer.Agreed(index), right, rejected);
        if (proposed == 0)
            return;
        sequence.Stream.CountDrafts(proposed, accepted, source == _prediction);
        _observer?.Drafted(_sources[source], proposed, accepted);
        if (_strategy is not null)
            _notices.Add(new Notice(sequence.Id, proposed, accepted));
    }

    /// <summary>A sequence has ended; the strategy is told as it is told of drafts.</summary>
    public void Ended(Sequence sequence)
    {
        if (sequence.Acceptance is { } stats)
        {
            sequence.Acceptance = null;
            Tuner.Return(stats);
        }
        if (_strategy is null)
            return;
        Model?.Release(sequence.Id);
        _notices.Add(new Notice(sequence.Id, Notice.Ended, 0));
    }

    /// <summary>Gives the draft model's KV memory back, where sequences of the model itself need it; it does not draft for a while then.</summary>
    /// <returns>False: it has none.</returns>
    public bool TryReleaseMemory()
    {
        if (Model is null)
            return false;
        _rest = RestTurns;
        return Model.ReleaseAll();
    }

    /// <inheritdoc/>
    public void Dispose() => Model?.Dispose();

    private void GiveModelRoom(int batch)
    {
        if (_rest > 0)
        {
            _rest--;
            return;
        }
        int missing = 0, most = 0;
        for (int i = 0; i < _count; i++)
        {
            missing += Model!.Missing(_asked[i].Id, _asked[i].Tokens.Length);
            most = Math.Max(most, _asked[i].Room);
        }
        most = Math.Min(most, _traits[_modelSource].MaxDraft);
        int length = _options.TuneDrafts ? Tuner.ModelLength(batch, _stats.AsSpan(0, _count), _modelSource, most, missing) : most;
        for (int i = 0; i < _count; i++)
            _asked[i] = _asked[i] with { ModelRoom = Math.Min(length, _asked[i].Room) };
    }

    private DraftTraits TraitsOf(string name, int source)
    {
        DraftTraits traits = _strategy!.Traits(source);
        return traits with { MaxDraft = name == DraftSources.Model && Model is null ? 0 : Math.Clamp(traits.MaxDraft, 0, MaxDraft) };
    }

    private void Fault(string text)
    {
        if (_faults.Add())
            SetAside(text);
        else
            _observer?.DraftFault(text, isLast: false);
    }

    private void SetAside(string text)
    {
        _strategy = null;
        // Nobody would use it any more.
        Model?.ReleaseAll();
        _faults.Stop(text);
        _observer?.DraftFault(text, isLast: true);
    }

    private static string? Deliver(IDecodingStrategy strategy, List<Notice> notices)
    {
        string? fault = null;
        foreach (Notice notice in notices)
            try
            {
                if (notice.Proposed == Notice.Ended)
                    strategy.Ended(notice.Sequence);
                else
                    strategy.Verified(notice.Sequence, notice.Proposed, notice.Accepted);
            }
            catch (Exception e)
            {
                fault ??= Describe(e);
            }
        return fault;
    }

    private static string Describe(Exception e) => $"{e.GetType().Name}: {e.Message}";

    /// <summary>What the strategy is to be told: what became of a draft, or that a sequence has ended.</summary>
    private readonly record struct Notice(long Sequence, int Proposed, int Accepted)
    {
        public const int Ended = -1;
    }
}
