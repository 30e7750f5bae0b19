using Tessera.Engine.Blocks;
using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Speculation;

namespace Tessera.Engine.Scheduling;

/// <summary>What a step came to.</summary>
internal enum StepOutcome
{
    /// <summary>There was nothing to do.</summary>
    Idle,
    /// <summary>Something was done.</summary>
    Worked,
    /// <summary>The decoding strategy came back too late: another thread has gone on with the step, and the engine is that thread's.</summary>
    TakenOver,
}

/// <summary>Continuous batching over one composition. Used by the step thread only, but for <see cref="Intake"/> and <see cref="Load"/>.</summary>
internal sealed partial class Scheduler : IDisposable
{
    private readonly Composition _composition;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly IEngineObserver? _observer;
    private readonly Action<string>? _onFault;
    private readonly Batch _batch;
    private readonly BlockPool _pool;
    private readonly Drafter _drafter;
    private readonly RowCost _cost = new();
    private readonly OwnTime _own = new();
    private readonly SequenceSet _set;
    private readonly StepPlanner _planner;
    private readonly Verifier _verifier;
    private readonly BlockTable _first;
    private readonly int _mostBest;
    private long _steps, _start;
    private TimeSpan _computing;
    private bool _changed;
    private int _running, _used, _cached, _capacity;

    public Scheduler(Composition composition, EngineOptions options, TimeProvider time, IEngineObserver? observer, Action<string>? onFault = null, IAcceptanceRule? rule = null)
    {
        RuntimeLimits limits = composition.Limits;
        (_composition, _options, _time, _observer, _onFault) = (composition, options, time, observer, onFault);
        int groups = composition.Graph.CacheGroups.Count;
        int rows = Math.Min(options.MaxBatchTokens, limits.MaxRows);
        // A sequence that decodes needs a row and an output in every step.
        MaxSequences = Math.Min(Math.Min(options.MaxSequences, limits.MaxSequences), Math.Min(rows, limits.MaxOutputs));
        _batch = new Batch(limits, groups);
        _pool = new BlockPool(composition.Runtime, composition.Graph, limits, options.PrefixCaching && !composition.Graph.NeedsWholeSequences);
        _drafter = new Drafter(composition, options, MaxSequences, rows, time, observer);
        BlockTable[] tables = new BlockTable[MaxSequences];
        for (int slot = 0; slot < tables.Length; slot++)
            tables[slot] = new BlockTable(_batch, slot);
        _first = tables[0];
        _mostBest = (composition.Runtime as IChoosingRuntime)?.MaxBest ?? 0;
        Intake = new Intake(composition.Name, options.MaxQueue);
        Grammars = new GrammarCache(composition.Tokenizer, composition.Graph.VocabularySize);
        _set = new SequenceSet(_pool, tables, Intake, _drafter, new Resumption(composition, Grammars), observer);
        _planner = new StepPlanner(_set, _pool, _drafter, _cost, limits, options, time, composition.Graph.NeedsWholeSequences);
        _verifier = new Verifier(composition, _set, _pool, _drafter, time, observer, rule ?? new SpeculativeSampling());
    }

    /// <summary>Requests and cancellations come through here.</summary>
    public Intake Intake { get; }

    /// <summary>The grammars of its requests.</summary>
    public GrammarCache Grammars { get; }

    /// <summary>The readers that were written for.</summary>
    public ReaderQueue Readers => _verifier.Readers;

    /// <summary>The most sequences that run at once.</summary>
    public int MaxSequences { get; }

    /// <summary>Why the decoding strategy is not asked any more.</summary>
    public string? DraftingProblem => _drafter.Problem;

    /// <summary>What is known of drafts; null where nothing drafts.</summary>
    public SpeculationReport? Speculation => _drafter.MaxDraft == 0 ? null : SpeculationReport.Of(_drafter);

    /// <summary>Whether sequences wait for memory rather than for work.</summary>
    public bool IsStarving => _set.Waiting.Count + _set.Running.Count > 0;

    /// <summary>What the engine is busy with.</summary>
    public EngineLoad Load
    {
        get
        {
            int running = Volatile.Read(ref _running);
            return new(Math.Max(0, Intake.AliveCount - running), running, Volatile.Read(ref _used), Volatile.Read(ref _cached), Volatile.Read(ref _capacity), Intake.Fault);
        }
    }

    /// <summary>Does one step.</summary>
    public StepOutcome Step()
    {
        if (Intake.IsDisowned)
            return StepOutcome.Idle;
        if (Intake.TryTakeOrder(out HandoverOrder? order))
            return Carry(order);
        if (Intake.Fault is not null)
            return StepOutcome.Idle;
        try
        {
            _start = _time.GetTimestamp();
            _changed = Receive(_start);
            _planner.Schedule(_batch);
            return Propose() ? Finish() : StepOutcome.TakenOver;
        }
        catch (Exception e)
        {
            Fail(e);
            return StepOutcome.Idle;
        }
    }

    /// <summary>Takes a step over whose thread does not come back from the decoding strategy; that thread does nothing more. The caller goes on with <see cref="Finish"/>.</summary>
    /// <returns>False: no step hangs.</returns>
    public bool TryTakeOver()
    {
        if (!_drafter.Watch.TryTakeOver(_options.DraftPatience))
            return false;
        Intake.EndCompute();
        _drafter.Abandon();
        return true;
    }

    /// <summary>The rest of a step, from the drafts on.</summary>
    public StepOutcome Finish()
    {
        if (Intake.IsDisowned)
            return StepOutcome.Idle;
        try
        {
            // Nobody has computed with the batch yet that cancellations may have given up.
            _batch.Abort = false;
            int drafts = _planner.AddDrafts(_batch);
            if (_planner.Plan.Count == 0)
                return Idle() || _changed ? StepOutcome.Worked : StepOutcome.Idle;
            Fill();
            bool whole = Compute();
            if (Intake.IsDisowned)
                return StepOutcome.Idle;
            Accept(whole);
            Record(drafts, _time.GetElapsedTime(_start));
            return StepOutcome.Worked;
        }
        catch (Exception e)
        {
            Fail(e);
            return StepOutcome.Idle;
        }
    }

    /// <summary>Measures what steps take, for the choice of drafts' lengths. Before the first step.</summary>
    public void Calibrate(TimeSpan patience)
    {
        if (!_drafter.IsActive || !_options.TuneDrafts)
            return;
        int rows = Math.Min(Math.Max(1 + _drafter.MaxDraft, StepCalibration.LeastRows), Math.Min(Math.Min(_batch.MaxRows, _composition.Limits.MaxOutputs), Math.Min(_composition.Limits.MaxContext, _composition.Graph.VocabularySize)));
        _drafter.Tuner.Costs.SetCurve(StepCalibration.Measure(_composition.Runtime, _pool, _batch, _first, rows, patience, _time));
        _drafter.Calibrate();
    }

    /// <summary>Ends everything that is left.</summary>
    public void EndAll(FinishReason reason, string? error)
    {
        foreach (Sequence sequence in Intake.Receive(out _))
            _set.Enqueue(sequence);
        _set.EndAll(reason, error);
        Count();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batch.Dispose();
        _drafter.Dispose();
    }

    /// <summary>Takes in what came since the last step; cancels sequences whose readers have stopped reading.</summary>
    private bool Receive(long now)
    {
        _batch.Clear();
        List<Sequence> incoming = Intake.Receive(out bool cancelled);
        foreach (Sequence sequence in incoming)
            _set.Enqueue(sequence);
        foreach (Sequence sequence in _set.Running)
        {
            int read = sequence.Stream.ReadCount;
            if (read != sequence.LastReadCount || sequence.Stream.Unread == 0)
                (sequence.LastReadCount, sequence.LastRead) = (read, now);
            else if (!sequence.Cancelled && _time.GetElapsedTime(sequence.LastRead, now) > _options.SlowReaderTimeout)
            {
                sequence.Cancel();
                cancelled = true;
            }
        }
        return cancelled && _set.Reap();
    }

    private unsafe void Fill()
    {
        foreach (Sequence sequence in _planner.Plan)
        {
            sequence.Best = sequence.MaxTokens > 0 && sequence.Computed + sequence.Rows >= sequence.Length ? sequence.BestNeeded(_mostBest) : 0;
            ReadOnlySpan<int> drafts = sequence.Drafts == 0 ? default : _drafter.Drafts(sequence.DraftIndex);
            for (int row = 0; row < sequence.Rows; row++)
            {
                int index = sequence.Computed + row;
                int token = index < sequence.Length ? sequence.Tokens[index] : drafts[index - sequence.Length];
                _batch.BestCounts[_batch.RowCount] = sequence.Best;
                _batch.Add(token, index, index, sequence.Table!.Slot, Outputs(sequence, index), sequence.Request.TokenTypes?[index] ?? 0);
            }
        }
    }

    private static RowOutputs Outputs(Sequence sequence, int index) =>
        index < sequence.Length - 1 ? RowOutputs.None
        : sequence.MaxTokens > 0 ? (sequence.Best > 0 ? RowOutputs.Best : RowOutputs.Logits)
        : sequence.Request.Pooled ? RowOutputs.Pooled : RowOutputs.None;

    private bool Compute()
    {
        Intake.BeginCompute(_batch, _planner.Plan);
        _own.Stop();
        long start = _time.GetTimestamp();
        try
        {
            _composition.Runtime.Submit(_batch);
            return _composition.Runtime.Wait();
        }
        finally
        {
            _computing = _time.GetElapsedTime(start);
            _own.Start();
            Intake.EndCompute();
        }
    }

    private void Accept(bool whole)
    {
        _verifier.Begin();
        try
        {
            foreach (Sequence sequence in _planner.Plan)
            {
                if (whole)
                    _verifier.Accept(sequence);
                else
                    _set.Preempt(sequence); // What a step that was given up wrote or copied is not valid.
            }
        }
        finally
        {
            _verifier.WakeReaders();
        }
    }

    /// <summary>Nothing can be computed; an engine that is to end gives memory back.</summary>
    private bool Idle()
    {
        bool trimmed = Intake.IsReturning && _drafter.TryReleaseMemory() | _pool.Trim() > 0;
        Count();
        return trimmed;
    }

    private void Record(int drafts, TimeSpan elapsed)
    {
        if (_drafter.IsActive)
            _drafter.Tuner.Measured(_planner.DecodeRows, drafts, _verifier.Accepted, (elapsed - _drafter.Elapsed).TotalMilliseconds, _drafter.Elapsed.TotalMilliseconds, _planner.PrefillRows > 0);
        if (_planner.PrefillRows > 0)
            _cost.Add(_batch.RowCount, elapsed);
        if (Intake.IsReturning)
            _pool.Trim();
        Count();
        _observer?.Step(new StepRecord(++_steps, _planner.PrefillRows, _planner.DecodeRows, drafts, _verifier.Accepted, _verifier.Emitted,
            _set.Waiting.Count, _set.RunningCount, _set.Preempted, elapsed, _computing, _own.Take()));
        _set.Preempted = 0;
    }

    private void Count()
    {
        int used = 0, cached = 0, capacity = 0;
        foreach (BlockStore store in _pool.Stores)
            (used, cached, capacity) = (used + store.Used, cached + store.Cached, capacity + store.Count);
        Volatile.Write(ref _running, _set.RunningCount);
        Volatile.Write(ref _used, used);
        Volatile.Write(ref _cached, cached);
        Volatile.Write(ref _capacity, capacity);
    }

    private void Fail(Exception e)
    {
        // The sequences may be another engine's by now.
        if (Intake.IsDisowned)
            return;
        string text = $"{e.GetType().Name}: {e.Message}";
        if (_onFault is not null)
        {
            Hold(text);
            return;
        }
        Intake.SetFault(text);
        string error = $"model '{_composition.Name}' has failed: {text}";
        try
        {
            EndAll(FinishReason.Error, error);
        }
        catch (Exception)
        {
            // The blocks' bookkeeping may be what has failed: the readers are told all the same, and the first error is the one that counts.
            _set.EndStreams(FinishReason.Error, error);
        }
    }
}
