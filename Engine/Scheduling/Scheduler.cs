using Tessera.Engine.Blocks;
using Tessera.Engine.Generation;

namespace Tessera.Engine.Scheduling;

/// <summary>Continuous batching over one composition. Used by the step thread only, but for <see cref="Intake"/> and <see cref="Load"/>.</summary>
internal sealed class Scheduler : IDisposable
{
    private readonly Composition _composition;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly IEngineObserver? _observer;
    private readonly Batch _batch;
    private readonly BlockPool _pool;
    private readonly Drafter _drafter;
    private readonly RowCost _cost = new();
    private readonly SequenceSet _set;
    private readonly StepPlanner _planner;
    private readonly Verifier _verifier;
    private long _steps;
    private int _running, _used, _cached, _capacity;

    public Scheduler(Composition composition, EngineOptions options, TimeProvider time, IEngineObserver? observer)
    {
        RuntimeLimits limits = composition.Limits;
        (_composition, _options, _time, _observer) = (composition, options, time, observer);
        int groups = composition.Graph.CacheGroups.Count;
        int rows = Math.Min(options.MaxBatchTokens, limits.MaxRows);
        // A sequence that decodes needs a row and an output in every step.
        MaxSequences = Math.Min(Math.Min(options.MaxSequences, limits.MaxSequences), Math.Min(rows, limits.MaxOutputs));
        _batch = new Batch(limits, groups);
        _pool = new BlockPool(composition.Runtime, composition.Graph, limits, options.PrefixCaching);
        _drafter = new Drafter(composition.Strategy, MaxSequences, rows, composition.Graph.VocabularySize);
        BlockTable[] tables = new BlockTable[MaxSequences];
        for (int slot = 0; slot < tables.Length; slot++)
            tables[slot] = new BlockTable(_batch, slot);
        Intake = new Intake(composition.Name, options.MaxQueue);
        _set = new SequenceSet(_pool, tables, Intake, _drafter, observer);
        _planner = new StepPlanner(_set, _pool, _drafter, _cost, limits, options, time);
        _verifier = new Verifier(composition, _set, _pool, _drafter, time, observer);
    }

    /// <summary>Requests and cancellations come through here.</summary>
    public Intake Intake { get; }

    /// <summary>The most sequences that run at once.</summary>
    public int MaxSequences { get; }

    /// <summary>Why the decoding strategy is not asked any more.</summary>
    public string? DraftingProblem => _drafter.Problem;

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
    /// <returns>False when there was nothing to do.</returns>
    public bool Step()
    {
        if (Intake.Fault is not null)
            return false;
        try
        {
            long start = _time.GetTimestamp();
            bool changed = Receive(start);
            _planner.Schedule(_batch);
            _drafter.Propose();
            int drafts = _planner.AddDrafts(_batch);
            if (_planner.Plan.Count == 0)
                return Idle() || changed;
            Fill();
            bool whole = Compute();
            _verifier.Begin();
            foreach (Sequence sequence in _planner.Plan)
            {
                if (whole)
                    _verifier.Accept(sequence);
                else
                    _set.Preempt(sequence); // What a step that was given up wrote or copied is not valid.
            }
            Record(drafts, _time.GetElapsedTime(start));
            return true;
        }
        catch (Exception e)
        {
            Fail(e);
            return false;
        }
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
    public void Dispose() => _batch.Dispose();

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

    private void Fill()
    {
        foreach (Sequence sequence in _planner.Plan)
        {
            ReadOnlySpan<int> drafts = sequence.Drafts == 0 ? default : _drafter.Drafts(sequence.DraftIndex);
            for (int row = 0; row < sequence.Rows; row++)
            {
                int index = sequence.Computed + row;
                int token = index < sequence.Length ? sequence.Tokens[index] : drafts[index - sequence.Length];
                bool wanted = index >= sequence.Length - 1 && sequence.MaxTokens > 0;
                _batch.Add(token, index, index, sequence.Table!.Slot, wanted ? RowOutputs.Logits : RowOutputs.None);
            }
        }
    }

    private bool Compute()
    {
        Intake.BeginCompute(_batch, _planner.Plan);
        try
        {
            _composition.Runtime.Submit(_batch);
            return _composition.Runtime.Wait();
        }
        finally
        {
            Intake.EndCompute();
        }
    }

    /// <summary>Nothing can be computed; an engine that is to end gives memory back.</summary>
    private bool Idle()
    {
        bool trimmed = Intake.IsReturning && _pool.Trim() > 0;
        Count();
        return trimmed;
    }

    private void Record(int drafts, TimeSpan elapsed)
    {
        if (_planner.PrefillRows > 0)
            _cost.Add(_batch.RowCount, elapsed);
        if (Intake.IsReturning)
            _pool.Trim();
        Count();
        _observer?.Step(new StepRecord(++_steps, _planner.PrefillRows, _planner.DecodeRows, drafts, _verifier.Accepted, _verifier.Emitted,
            _set.Waiting.Count, _set.RunningCount, _set.Preempted, elapsed));
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
        string text = $"{e.GetType().Name}: {e.Message}";
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
