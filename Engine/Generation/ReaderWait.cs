using System.Threading.Tasks.Sources;

namespace Tessera.Engine.Generation;

/// <summary>
/// What a stream's reader waits with, one wait after the other. Several may want to end a wait: the one that takes it does, by having another thread than its own call <see cref="Complete"/>, which runs what the reader goes on with.
/// </summary>
/// <param name="gate">The stream's lock.</param>
internal sealed class ReaderWait(Lock gate) : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;
    private bool _open, _cancelled, _result;

    /// <summary>Begins a wait. Under the lock; <see cref="Start"/> follows outside.</summary>
    /// <exception cref="InvalidOperationException">The one before has not ended.</exception>
    public void Open(CancellationToken cancellation)
    {
        if (_open)
            throw new InvalidOperationException("a stream has one reader, and that waits already");
        _core.Reset();
        (_open, _cancelled, _cancellation) = (true, false, cancellation);
    }

    /// <summary>The wait that was begun.</summary>
    public ValueTask<bool> Start()
    {
        // Nobody else has the registration: who ends the wait leaves it to the reader.
        _registration = _cancellation.UnsafeRegister(static wait => ((ReaderWait)wait!).Cancel(), this);
        return new ValueTask<bool>(this, _core.Version);
    }

    /// <summary>Takes the wait; the caller is to have it completed. Under the lock.</summary>
    /// <param name="result">What the reader is to get.</param>
    /// <returns>False: nobody waits, or another one has taken it.</returns>
    public bool TryTake(bool result)
    {
        if (!_open)
            return false;
        (_open, _result) = (false, result);
        return true;
    }

    /// <summary>Has a work item of its own complete the wait that was taken.</summary>
    public void CompleteLater() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>Completes the wait that was taken: the reader goes on, on this thread, until it waits for something.</summary>
    public void Complete()
    {
        if (_cancelled)
            _core.SetException(new OperationCanceledException(_cancellation));
        else
            _core.SetResult(_result);
    }

    void IThreadPoolWorkItem.Execute() => Complete();

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _registration.Unregister();
        return _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        lock (gate)
        {
            // A call that comes late may find the next wait, which another token is for.
            if (!_cancellation.IsCancellationRequested || !TryTake(false))
                return;
            _cancelled = true;
        }
        CompleteLater();
    }
}
