using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Tessera.Engine;

/// <summary>Threads for code of plugins. They never end: one whose work is done waits for other work of its kind.</summary>
/// <remarks>
/// A thread that ends makes the runtime (.NET 9 and 10) free its thread statics of collectible types by numbers that may belong to a younger load context by then; what it frees there is another object: static fields of a plugin
/// in use become null or point to reused memory, minutes later and anywhere. It takes no thread static of the plugin's own: pools of arrays of its types, which LINQ uses, have them. The thread pool keeps its threads for the same reason.
/// </remarks>
public sealed class LastingThread
{
    private static readonly ConcurrentDictionary<string, ConcurrentBag<LastingThread>> s_idle = new(StringComparer.Ordinal);

    private readonly Thread _thread;
    private readonly object _begin = new();
    private Action? _work;
    private string? _name;
    private TaskCompletionSource? _done;

    private LastingThread(string kind) => _thread = new Thread(() => Serve(kind)) { IsBackground = true };

    /// <summary>Runs work on a thread of its own.</summary>
    /// <param name="kind">A thread does work of one kind only: what the system knows of a thread, such as the processors that it may run on, stays.</param>
    /// <param name="name">The thread's name meanwhile.</param>
    /// <param name="work">The work; what it throws ends the process, as on any thread.</param>
    /// <returns>Done when the work is.</returns>
    public static Task Run(string kind, string name, Action work)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(work);
        bool isNew = !s_idle.GetOrAdd(kind, static _ => []).TryTake(out LastingThread? thread);
        thread ??= new LastingThread(kind);
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (thread._begin)
        {
            (thread._work, thread._done, thread._name) = (work, done, name);
            Monitor.Pulse(thread._begin);
        }
        // The caller's context would stay with the thread.
        if (isNew)
            thread._thread.UnsafeStart();
        return done.Task;
    }

    private void Serve(string kind)
    {
        while (true)
        {
            lock (_begin)
                while (_work is null)
                    Monitor.Wait(_begin);
            TaskCompletionSource done = Work();
            s_idle[kind].Add(this);
            done.SetResult();
        }
    }

    /// <summary>Not inlined: no frame that lives on may hold what the work was about. What it leaves in the thread's context goes with it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private TaskCompletionSource Work()
    {
        _thread.Name = _name;
        ExecutionContext.Run(ExecutionContext.Capture()!, static work => ((Action)work!)(), _work);
        _thread.Name = "tessera idle";
        _work = null;
        return Interlocked.Exchange(ref _done, null)!;
    }
}
