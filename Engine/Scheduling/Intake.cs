using System.Diagnostics;

namespace Tessera.Engine.Scheduling;

/// <summary>The engine's door between threads: takes requests and cancellations from any thread and hands them to the step thread; counts what is alive.</summary>
internal sealed partial class Intake(string model, int maxQueue)
{
    private readonly Lock _lock = new();
    private readonly object _bell = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<Sequence> _alive = [];
    private List<Sequence> _incoming = [];
    private List<Sequence> _taken = [];
    private bool _rung;
    private int _queued;
    private bool _cancelled;
    private bool _draining;
    private bool _returning;
    private Batch? _computing;
    private List<Sequence>? _computed;

    /// <summary>Why the engine answers no more; null while it does.</summary>
    public string? Fault { get; private set; }

    /// <summary>True once memory that no sequence holds goes back to the budget: another engine may need it.</summary>
    public bool IsReturning { get { lock (_lock) return _draining || _returning; } }

    /// <summary>Completes when the door is closed and all sequences have ended.</summary>
    public Task Empty => _empty.Task;

    /// <summary>The sequences that have not ended.</summary>
    public int AliveCount { get { lock (_lock) return _alive.Count; } }

    /// <summary>Takes requests, all or none; the first of a request's sequences is the one that is computed. Texts whose vectors are wanted count as one request together.</summary>
    public void Add(ReadOnlySpan<Sequence[]> requests)
    {
        bool isCounted = false;
        foreach (Sequence[] sequences in requests)
        {
            sequences[0].IsQueued = !sequences[0].Request.Pooled || !isCounted;
            isCounted |= sequences[0].Request.Pooled;
        }
        if (!TryAdd(requests, out Intake? successor))
            successor.AddForeign(requests);
    }

    /// <summary>Cancels a sequence, and gives the running step up if no row of it is wanted any more.</summary>
    public void Cancel(Sequence sequence)
    {
        lock (_lock)
        {
            sequence.Cancel();
            _cancelled = true;
            AbortIfUnwanted();
        }
        Ring();
    }

    /// <summary>Cancels all.</summary>
    public void CancelAll()
    {
        lock (_lock)
        {
            foreach (Sequence sequence in _alive)
                sequence.Cancel();
            _cancelled = true;
            AbortIfUnwanted();
        }
        Ring();
    }

    /// <summary>The requests that came since the last call, valid until the next; whether there were cancellations.</summary>
    public List<Sequence> Receive(out bool cancelled)
    {
        lock (_lock)
        {
            _taken.Clear();
            (_incoming, _taken) = (_taken, _incoming);
            (cancelled, _cancelled) = (_cancelled, false);
            return _taken;
        }
    }

    /// <summary>Says that a request waits no longer for its first start.</summary>
    public void Dequeued(Sequence sequence)
    {
        if (!sequence.IsQueued)
            return;
        lock (_lock)
            _queued--;
    }

    /// <summary>Says that a sequence has ended.</summary>
    public void Ended(Sequence sequence)
    {
        lock (_lock)
        {
            _alive.Remove(sequence);
            CompleteIfEmpty();
        }
    }

    /// <summary>A plugin computes from now on: cancellations may give the batch up, and another thread may take the sequences away.</summary>
    public void BeginCompute(Batch batch, List<Sequence> sequences)
    {
        lock (_lock)
        {
            (_computing, _computed) = (batch, sequences);
            _callBegan = Stopwatch.GetTimestamp();
            AbortIfUnwanted();
        }
    }

    /// <summary>The plugin has returned or thrown.</summary>
    public void EndCompute()
    {
        lock (_lock)
            (_computing, _computed, _callBegan) = (null, null, 0);
    }

    /// <summary>Refuses everything from now on, for good.</summary>
    public void SetFault(string text)
    {
        lock (_lock)
            Fault ??= text;
    }

    /// <summary>Lets memory that no sequence holds go back to the budget from now on.</summary>
    public void ReturnMemory()
    {
        lock (_lock)
            _returning = true;
        Ring();
    }

    /// <summary>Takes nothing new.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _draining = true;
            CompleteIfEmpty();
        }
        Ring();
    }

    /// <summary>Parks the step thread until something comes, or for a time.</summary>
    public void Park(int milliseconds)
    {
        lock (_bell)
        {
            if (!_rung)
                Monitor.Wait(_bell, milliseconds);
            _rung = false;
        }
    }

    private void Ring()
    {
        lock (_bell)
        {
            _rung = true;
            Monitor.Pulse(_bell);
        }
    }

    private void CompleteIfEmpty()
    {
        if (_draining && _alive.Count == 0)
            _empty.TrySetResult();
    }

    private void AbortIfUnwanted()
    {
        if (_computing is null)
            return;
        foreach (Sequence sequence in _computed!)
            if (!sequence.IsUnwanted)
                return;
        _computing.Abort = true;
    }
}
