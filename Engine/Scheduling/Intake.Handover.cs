using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Tessera.Engine.Generation;

namespace Tessera.Engine.Scheduling;

/// <summary>What the step thread is to do with all of its sequences.</summary>
/// <param name="To">Where they go; null: they end.</param>
/// <param name="MostFaults">Those that were part of so many failed steps end too.</param>
/// <param name="Done">Gets the number that moved.</param>
internal sealed record HandoverOrder(Intake? To, int MostFaults, TaskCompletionSource<int> Done);

internal sealed partial class Intake
{
    private Intake? _successor;
    private HandoverOrder? _order;
    private long _callBegan;
    private bool _held;
    private bool _disowned;
    private bool _ended;

    /// <summary>Whether the engine has failed and keeps its sequences for another one.</summary>
    public bool IsHeld { get { lock (_lock) return _held; } }

    /// <summary>Whether the sequences were taken away while a plugin computed: the step thread must not touch them any more.</summary>
    public bool IsDisowned { get { lock (_lock) return _disowned; } }

    /// <summary>How long the plugin that computes now has been at it; zero: none does.</summary>
    public TimeSpan CallTime { get { lock (_lock) return _callBegan == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_callBegan); } }

    /// <summary>Keeps what there is and what comes for another engine, or for an end.</summary>
    public void Hold(string text)
    {
        lock (_lock)
        {
            Fault ??= text;
            _held = true;
        }
    }

    /// <summary>Orders all sequences away; the step thread does it at its next step. An order that it has not carried out yet stays.</summary>
    public Task<int> Order(Intake? to, int mostFaults)
    {
        HandoverOrder order = new(to, mostFaults, new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            if (_ended)
                return Task.FromResult(0);
            if (_order is not null)
                return _order.Done.Task;
            _order = order;
            _held &= to is not null;
        }
        Ring();
        return order.Done.Task;
    }

    /// <summary>The order, once.</summary>
    public bool TryTakeOrder([NotNullWhen(true)] out HandoverOrder? order)
    {
        lock (_lock)
            (order, _order) = (_order, null);
        return order is not null;
    }

    /// <summary>Sends everything that comes from now on to another engine, and forgets what there is.</summary>
    /// <returns>What came and was not taken in yet.</returns>
    public List<Sequence> Leave(Intake to)
    {
        lock (_lock)
            return LeaveLocked(to);
    }

    /// <summary>Takes the sequences away from a step thread that does not come back from a plugin.</summary>
    /// <returns>The sequences; null where no plugin computes, or they are gone already.</returns>
    public List<Sequence>? Disown(Intake? to, string text)
    {
        lock (_lock)
        {
            if (_callBegan == 0 || _disowned || _successor is not null)
                return null;
            _disowned = true;
            Fault ??= text;
            _computing?.Abort = true;
            HashSet<Sequence> followers = [.. _alive.SelectMany(s => s.Followers)];
            List<Sequence> heads = [.. _alive.Where(s => !followers.Contains(s)).OrderBy(s => s.Id)];
            foreach (Sequence sequence in _computed ?? [])
                sequence.Faults++;
            LeaveLocked(to);
            _order?.Done.TrySetResult(0);
            return heads;
        }
    }

    /// <summary>Gives the batch up that is being computed.</summary>
    public void Interrupt()
    {
        lock (_lock)
            _computing?.Abort = true;
    }

    /// <summary>Takes sequences in that another engine has let go; there is always room for them.</summary>
    public void Adopt(List<Sequence> sequences)
    {
        foreach (Sequence sequence in sequences)
            Bring(sequence);
        Intake? successor;
        string? fault = null;
        lock (_lock)
        {
            successor = _successor;
            if (successor is null && !_ended && (Fault is null || _held))
            {
                foreach (Sequence sequence in sequences)
                {
                    _queued += sequence.Started || !sequence.IsQueued ? 0 : 1;
                    _incoming.Add(sequence);
                    foreach (Sequence each in (ReadOnlySpan<Sequence>)[sequence, .. sequence.Followers])
                    {
                        if (!each.Ended)
                            _alive.Add(each);
                        _cancelled |= each.Cancelled;
                    }
                }
            }
            else
                fault = Fault;
        }
        if (successor is not null)
            successor.Adopt(sequences);
        else if (_ended || fault is not null && !IsHeld)
            foreach (Sequence each in sequences.SelectMany(s => (Sequence[])[s, .. s.Followers]))
                each.Stream.Finish(fault is null ? FinishReason.Cancelled : FinishReason.Error, fault is null ? null : new EngineFaultedException(model, fault).Message);
        Ring();
    }

    /// <summary>Nothing is taken in any more.</summary>
    public void SetEnded()
    {
        TaskCompletionSource<int>? open;
        lock (_lock)
        {
            _ended = true;
            open = _order?.Done;
        }
        open?.TrySetResult(0);
    }

    private bool TryAdd(ReadOnlySpan<Sequence[]> requests, [NotNullWhen(false)] out Intake? successor)
    {
        lock (_lock)
        {
            successor = _successor;
            if (successor is not null)
                return false;
            if (Fault is not null && !_held)
                throw new EngineFaultedException(model, Fault);
            if (_draining)
                throw new EngineDrainingException(model);
            int queued = 0;
            foreach (Sequence[] sequences in requests)
                queued += sequences[0].IsQueued ? 1 : 0;
            if (queued > maxQueue - _queued)
                throw new QueueFullException(maxQueue);
            _queued += queued;
            foreach (Sequence[] sequences in requests)
            {
                _alive.UnionWith(sequences);
                _incoming.Add(sequences[0]);
            }
        }
        Ring();
        return true;
    }

    private void AddForeign(ReadOnlySpan<Sequence[]> requests)
    {
        foreach (Sequence[] sequences in requests)
            foreach (Sequence sequence in sequences)
                (sequence.Home, sequence.IsForeign) = (this, true);
        Add(requests);
    }

    private void Bring(Sequence sequence)
    {
        sequence.Leave();
        foreach (Sequence each in (ReadOnlySpan<Sequence>)[sequence, .. sequence.Followers])
            (each.Home, each.IsForeign) = (this, true);
    }

    private List<Sequence> LeaveLocked(Intake? to)
    {
        List<Sequence> incoming = [.. _incoming];
        _incoming.Clear();
        _alive.Clear();
        (_successor, _queued, _held) = (to, 0, false);
        CompleteIfEmpty();
        return incoming;
    }
}
