using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Tessera.Engine;

namespace Tessera.Host.Compute;

/// <summary>The machine's compute threads. The caller of <see cref="Run"/> is lane 0, every other lane a thread of its own that spins briefly between jobs and then sleeps.</summary>
public sealed class WorkTeam : IWorkTeam, IDisposable
{
    /// <summary>How long a lane spins before it sleeps: longer than the gaps between the operations of a step, shorter than anybody notices.</summary>
    private static readonly TimeSpan Spin = TimeSpan.FromMicroseconds(50);

    // The team that the thread is bound for; a caller is bound once.
    [ThreadStatic]
    private static int t_boundFor;

    private static int s_teams;

    private readonly int _id = Interlocked.Increment(ref s_teams);
    private readonly IReadOnlyList<int>? _affinity;
    private readonly Lane[] _lanes;
    private readonly Task[] _threads;
    private readonly Gate _jobs;
    private readonly Gate _barrier;
    private readonly Gate _done;
    private readonly object _turn = new();
    private long _nextTicket;
    private long _serving;
    private IWorkJob? _job;
    private ExceptionDispatchInfo? _failure;
    private PaddedInt _arrived;
    private PaddedInt _left;
    private PaddedInt _finished;
    private int _aborted;
    private volatile bool _stopping;

    /// <summary>Starts the threads.</summary>
    /// <param name="lanes">The number of lanes, at least 1.</param>
    /// <param name="affinity">The processor of each lane; null: where the system puts them.</param>
    /// <exception cref="TesseraException">The process may not use one of the processors.</exception>
    public WorkTeam(int lanes, IReadOnlyList<int>? affinity = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        if (affinity is not null)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(affinity.Count, lanes, nameof(affinity));
            Affinity.Require(affinity);
        }
        _affinity = affinity;
        // Where lanes share a processor, a spinning one keeps from working the one that it waits for.
        TimeSpan spin = lanes <= Environment.ProcessorCount ? Spin : TimeSpan.Zero;
        (_jobs, _barrier, _done) = (new(spin), new(spin), new(spin));
        _lanes = [.. Enumerable.Range(0, lanes).Select(i => new Lane(this, i, lanes))];
        // A thread that was bound once stays so.
        _threads = [.. _lanes[1..].Select(lane => LastingThread.Run(affinity is null ? "lane" : "bound lane", $"tessera lane {lane.Index}", () => Work(lane)))];
    }

    /// <summary>A team as configured: so many lanes, or one for each processor that is named, or for each physical core that this process may use.</summary>
    public static WorkTeam Create(int? threads, IReadOnlyList<int>? affinity = null) => new(threads ?? affinity?.Count ?? Processors.PhysicalCores, affinity);

    /// <inheritdoc/>
    public int LaneCount => _lanes.Length;

    /// <inheritdoc/>
    public void Run(IWorkJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        RefuseNesting();
        TakeTurn();
        ExceptionDispatchInfo? failure;
        try
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            Bind(0);
            _lanes[0].ThreadId = Environment.CurrentManagedThreadId;
            _job = job;
            (_aborted, _arrived.Value, _left.Value, _finished.Value) = (0, 0, 0, 0);
            int done = _done.Value;
            _jobs.Open();
            Execute(_lanes[0]);
            _done.WaitWhile(done);
        }
        finally
        {
            _lanes[0].ThreadId = 0;
            _job = null;
            (failure, _failure) = (_failure, null);
            EndTurn();
        }
        failure?.Throw();
    }

    /// <summary>Ends the threads; a running job ends first.</summary>
    public void Dispose()
    {
        TakeTurn();
        bool first = !_stopping;
        _stopping = true;
        if (first)
            _jobs.Open();
        EndTurn();
        Task.WaitAll(_threads);
    }

    private void Work(Lane lane)
    {
        lane.ThreadId = Environment.CurrentManagedThreadId;
        Bind(lane.Index);
        for (int seen = 0; ; seen++)
        {
            _jobs.WaitWhile(seen);
            if (_stopping)
                break;
            Execute(lane);
        }
        lane.ThreadId = 0;
    }

    private void Bind(int lane)
    {
        if (_affinity is null || t_boundFor == _id)
            return;
        Affinity.Bind(_affinity[lane]);
        t_boundFor = _id;
    }

    /// <summary>One lane's share of a job. Not inlined: no frame that lives on may hold the job.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Execute(Lane lane)
    {
        try
        {
            _job!.Execute(lane);
        }
        catch (LaneReleasedException)
        {
            // Another lane's failure, which that lane has recorded.
        }
        catch (Exception e)
        {
            Abort(ExceptionDispatchInfo.Capture(e));
        }
        Interlocked.Increment(ref _left.Value);
        if (Volatile.Read(ref _aborted) == 0 && Volatile.Read(ref _arrived.Value) > 0)
            Abort(Mismatch());
        // A count of its own: after the last one the next job may begin and set all others back.
        if (Interlocked.Increment(ref _finished.Value) == _lanes.Length)
            _done.Open();
    }

    private void Barrier()
    {
        if (_lanes.Length == 1)
            return;
        // The value first: who aborts sets the mark and then opens the gate.
        int seen = _barrier.Value;
        if (Volatile.Read(ref _aborted) != 0)
            throw new LaneReleasedException();
        if (Interlocked.Increment(ref _arrived.Value) == _lanes.Length)
        {
            _arrived.Value = 0;
            _barrier.Open();
        }
        else if (Volatile.Read(ref _left.Value) > 0 && _barrier.Value == seen)
            Abort(Mismatch());
        else
            _barrier.WaitWhile(seen);
        if (Volatile.Read(ref _aborted) != 0)
            throw new LaneReleasedException();
    }

    /// <summary>Records the first failure and lets every lane out of its barrier.</summary>
    private void Abort(ExceptionDispatchInfo failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        Interlocked.Exchange(ref _aborted, 1);
        _barrier.Open();
    }

    private static ExceptionDispatchInfo Mismatch() =>
        ExceptionDispatchInfo.Capture(new InvalidOperationException("a lane of the job has ended while another waits at a barrier"));

    private void TakeTurn()
    {
        lock (_turn)
        {
            long ticket = _nextTicket++;
            while (ticket != _serving)
                Monitor.Wait(_turn);
        }
    }

    private void EndTurn()
    {
        lock (_turn)
        {
            _serving++;
            Monitor.PulseAll(_turn);
        }
    }

    private void RefuseNesting()
    {
        int thread = Environment.CurrentManagedThreadId;
        foreach (Lane lane in _lanes)
            if (lane.ThreadId == thread)
                ThrowNesting();
    }

    [DoesNotReturn]
    private static void ThrowNesting() => throw new InvalidOperationException("a job must not run another one on its own team");

    private sealed class Lane(WorkTeam team, int index, int count) : IWorkLane
    {
        public int ThreadId;

        public int Index => index;

        public int Count => count;

        public void Barrier() => team.Barrier();
    }

    /// <summary>Unwinds a lane because another one has failed.</summary>
    private sealed class LaneReleasedException : Exception;
}
