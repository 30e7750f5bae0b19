using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tessera.Engine.Generation;

namespace Tessera.Engine.Scheduling;

/// <summary>
/// The readers that steps have written for. One thread lets them go on, one after the other: most of them send a few bytes, and to wake a thread of the pool for each takes longer than that. A reader that does not come back soon keeps the
/// thread, and another one goes on with those behind it.
/// </summary>
internal sealed class ReaderQueue
{
    /// <summary>A reader that takes longer is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    // While there are readers, it is looked so often whether one is stuck; steps look themselves. Each look wakes two threads.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(200);

    private readonly string _name;
    private readonly object _bell = new();
    private readonly Queue<ReaderWait> _waiting = [];
    private readonly ITimer _watch;
    // The thread that is to serve; those before it had a reader that kept them.
    private int _thread;
    private long _since;
    private State _state;
    private bool _closed, _watched;

    /// <summary>Without readers, and without a thread.</summary>
    /// <param name="name">The threads' name.</param>
    public ReaderQueue(string name)
    {
        _name = name;
        _watch = TimeProvider.System.CreateTimer(static queue => ((ReaderQueue)queue!).Watch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // A thread that was woken and has not begun is not stuck, however long the system lets it wait.
    private enum State
    {
        None,
        Asleep,
        Woken,
        Serving,
    }

    /// <summary>Adds readers whose waits were taken, and sees that somebody lets them go on.</summary>
    public void Add(ReadOnlySpan<ReaderWait> readers)
    {
        if (!readers.IsEmpty)
            Attend(readers);
    }

    /// <summary>Has the pool let those go on that wait: nobody attends to them any more.</summary>
    public void Scatter()
    {
        lock (_bell)
            while (_waiting.TryDequeue(out ReaderWait? reader))
                reader.CompleteLater();
    }

    /// <summary>Ends the threads. What comes from now on is the pool's.</summary>
    public void Close()
    {
        lock (_bell)
        {
            _closed = true;
            _watch.Dispose();
            Monitor.PulseAll(_bell);
        }
        Scatter();
    }

    // As long as readers come: some may wait behind one that keeps the thread.
    private void Watch()
    {
        lock (_bell)
            _watched = false;
        Attend([]);
    }

    // Wakes the thread if readers wait and it sleeps, and has another one go on if it has not moved on for a while.
    private void Attend(ReadOnlySpan<ReaderWait> more)
    {
        int thread;
        lock (_bell)
        {
            foreach (ReaderWait reader in more)
                _waiting.Enqueue(reader);
            if (_waiting.Count == 0)
                return;
            if (_closed)
            {
                Scatter();
                return;
            }
            if (!_watched)
                _watched = _watch.Change(Silence, Timeout.InfiniteTimeSpan);
            if (_state == State.Woken || (_state == State.Serving && Stopwatch.GetElapsedTime(_since) < Patience))
                return;
            bool sleeps = _state == State.Asleep;
            _state = State.Woken;
            if (sleeps)
            {
                Monitor.Pulse(_bell);
                return;
            }
            thread = ++_thread;
        }
        try
        {
            // They run code of plugins.
            LastingThread.Run("readers", _name, () => Serve(thread));
        }
        catch (Exception)
        {
            // The system gives no thread: the next time it may.
            lock (_bell)
                _state = State.None;
            Scatter();
        }
    }

    private void Serve(int thread)
    {
        do
            while (TryRelease(thread));
        while (Sleep(thread));
    }

    /// <summary>Lets the next reader go on. Not inlined: no frame that lives on may hold what a reader was about.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryRelease(int thread)
    {
        ReaderWait? reader;
        lock (_bell)
        {
            if (thread != _thread || !_waiting.TryDequeue(out reader))
                return false;
            (_state, _since) = (State.Serving, Stopwatch.GetTimestamp());
        }
        reader.Complete();
        return true;
    }

    /// <summary>Waits for readers.</summary>
    /// <returns>False: it is over, or another thread has taken this one's place.</returns>
    private bool Sleep(int thread)
    {
        lock (_bell)
        {
            while (thread == _thread && !_closed && _waiting.Count == 0)
            {
                _state = State.Asleep;
                Monitor.Wait(_bell);
            }
            return thread == _thread && !_closed;
        }
    }
}
