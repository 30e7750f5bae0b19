using System.Runtime.ExceptionServices;

namespace Tessera.Conformance.Fakes;

/// <summary>A plain work team for tests: one lane runs on the caller's own thread, more are threads of their own. Finds jobs whose lanes do not meet the same barriers.</summary>
public sealed class InlineWorkTeam : IWorkTeam, IDisposable
{
    private readonly object _monitor = new();
    private readonly Lane[] _lanes;
    private readonly Thread[] _threads;
    private IWorkJob? _job;
    private ExceptionDispatchInfo? _failure;
    private long _nextTicket, _serving;
    private long _run, _barrier;
    private int _waiting, _left;
    private bool _disposed;

    /// <summary>Starts the threads.</summary>
    /// <param name="lanes">The number of lanes, at least 1.</param>
    public InlineWorkTeam(int lanes = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        _lanes = [.. Enumerable.Range(0, lanes).Select(i => new Lane(this, i))];
        _threads = [.. _lanes.Skip(1).Select(lane => new Thread(() => Work(lane)) { IsBackground = true, Name = $"lane {lane.Index}" })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <inheritdoc/>
    public int LaneCount => _lanes.Length;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A lane ended while others waited for it at a barrier.</exception>
    public void Run(IWorkJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        ExceptionDispatchInfo? failure;
        lock (_monitor)
        {
            long ticket = _nextTicket++;
            while (ticket != _serving)
                Monitor.Wait(_monitor);
            if (_disposed)
            {
                _serving++;
                Monitor.PulseAll(_monitor);
                throw new ObjectDisposedException(nameof(InlineWorkTeam));
            }
            _job = job;
            _failure = null;
            _left = 0;
            _run++;
            Monitor.PulseAll(_monitor);
        }
        Execute(_lanes[0], job);
        lock (_monitor)
        {
            while (_left < LaneCount)
                Monitor.Wait(_monitor);
            failure = _failure;
            _job = null;
            _failure = null;
            _serving++;
            Monitor.PulseAll(_monitor);
        }
        failure?.Throw();
    }

    /// <summary>Ends the threads; waits for a running job.</summary>
    public void Dispose()
    {
        lock (_monitor)
        {
            while (_job is not null)
                Monitor.Wait(_monitor);
            _disposed = true;
            Monitor.PulseAll(_monitor);
        }
        foreach (Thread thread in _threads)
            thread.Join();
    }

    private void Work(Lane lane)
    {
        for (long done = 0; ;)
        {
            IWorkJob job;
            lock (_monitor)
            {
                while (_run == done && !_disposed)
                    Monitor.Wait(_monitor);
                if (_run == done)
                    return;
                done = _run;
                job = _job!;
            }
            Execute(lane, job);
        }
    }

    private void Execute(Lane lane, IWorkJob job)
    {
        ExceptionDispatchInfo? failure = null;
        try
        {
            job.Execute(lane);
        }
        catch (Exception e)
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }
        lock (_monitor)
        {
            _left++;
            _failure ??= failure;
            if (_failure is null && _waiting > 0)
                _failure = ExceptionDispatchInfo.Capture(new InvalidOperationException($"lane {lane.Index} ended while {_waiting} others wait at a barrier"));
            Monitor.PulseAll(_monitor);
        }
    }

    private void Meet(int lane)
    {
        lock (_monitor)
        {
            ThrowIfAborted();
            if (_left > 0)
                throw new InvalidOperationException($"lane {lane} waits at a barrier that {_left} others have not met before they ended");
            if (++_waiting == LaneCount)
            {
                _waiting = 0;
                _barrier++;
                Monitor.PulseAll(_monitor);
                return;
            }
            long barrier = _barrier;
            while (_barrier == barrier && _failure is null)
                Monitor.Wait(_monitor);
            if (_barrier != barrier)
                return;
            _waiting--;
            ThrowIfAborted();
        }
    }

    private void ThrowIfAborted()
    {
        if (_failure is not null)
            throw new OperationCanceledException("another lane has thrown");
    }

    private sealed class Lane(InlineWorkTeam team, int index) : IWorkLane
    {
        public int Index { get; } = index;

        public int Count => team.LaneCount;

        public void Barrier() => team.Meet(Index);
    }
}
