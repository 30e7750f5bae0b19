using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tessera.Engine.Generation;

namespace Tessera.Engine.Scheduling;

/// <summary>
/// The readers that a step has written for. One thread lets them go on, one after the other: most of them send a few bytes, and to wake a thread of the pool for each takes longer than that. A reader that does not come back soon keeps the
/// thread, and another one goes on with those behind it.
/// </summary>
/// <param name="name">The threads' name.</param>
internal sealed class ReaderQueue(string name)
{
    /// <summary>A reader that takes longer is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    private readonly object _bell = new();
    private readonly Queue<ReaderWait> _waiting = [];
    // The thread that is to serve; those before it had a reader that kept them.
    private int _thread;
    private long _since;
    private bool _busy, _closed;

    /// <summary>Adds readers whose waits were taken, and sees that somebody lets them go on.</summary>
    public void Add(ReadOnlySpan<ReaderWait> readers)
    {
        if (readers.IsEmpty)
            return;
        lock (_bell)
            foreach (ReaderWait reader in readers)
                _waiting.Enqueue(reader);
        if (_closed)
            Scatter();
        else
            Attend();
    }

    /// <summary>Wakes the thread if readers wait and it sleeps, and has another one go on if it has not moved on for a while. To be called from time to time while there are readers.</summary>
    /// <returns>Whether readers wait.</returns>
    public bool Attend()
    {
        int thread;
        lock (_bell)
        {
            if (_waiting.Count == 0)
                return false;
            if (_busy && Stopwatch.GetElapsedTime(_since) < Patience)
                return true;
            _since = Stopwatch.GetTimestamp();
            if (!_busy && _thread > 0)
            {
                _busy = true;
                Monitor.Pulse(_bell);
                return true;
            }
            _busy = true;
            thread = ++_thread;
        }
        // They run code of plugins.
        LastingThread.Run("readers", name, () => Serve(thread));
        return true;
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
            Monitor.PulseAll(_bell);
        }
        Scatter();
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
            if (thread != _thread)
                return false;
            _since = Stopwatch.GetTimestamp();
            _busy = _waiting.TryDequeue(out reader);
        }
        reader?.Complete();
        return reader is not null;
    }

    /// <summary>Waits for readers.</summary>
    /// <returns>False: it is over, or another thread has taken this one's place.</returns>
    private bool Sleep(int thread)
    {
        lock (_bell)
        {
            while (thread == _thread && !_closed && _waiting.Count == 0)
                Monitor.Wait(_bell);
            return thread == _thread && !_closed;
        }
    }
}
