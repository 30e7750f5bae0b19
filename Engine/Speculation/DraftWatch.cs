namespace Tessera.Engine.Speculation;

/// <summary>Who owns a step while the strategy's code runs: the thread that called it, until another one takes the step over because the call does not come back.</summary>
internal sealed class DraftWatch(TimeProvider time)
{
    private const int Outside = 0, Inside = 1, TakenOver = 2;

    private int _state;
    private long _since;

    /// <summary>The time that the strategy's own code has taken since <see cref="Start"/>.</summary>
    public TimeSpan Own { get; private set; }

    /// <summary>A turn begins.</summary>
    public void Start()
    {
        Own = default;
        Enter();
    }

    /// <summary>The strategy's code runs from here on.</summary>
    public void Enter()
    {
        Volatile.Write(ref _since, time.GetTimestamp());
        Volatile.Write(ref _state, Inside);
    }

    /// <summary>Engine's own code runs from here on. False: too late, the step is another thread's.</summary>
    public bool TryLeave()
    {
        if (Interlocked.CompareExchange(ref _state, Outside, Inside) != Inside)
            return false;
        Own += time.GetElapsedTime(_since);
        return true;
    }

    /// <summary>Takes the step over if the strategy's code has run for too long. The caller owns it from then on.</summary>
    public bool TryTakeOver(TimeSpan patience) =>
        Volatile.Read(ref _state) == Inside
        && time.GetElapsedTime(Volatile.Read(ref _since)) > patience
        && Interlocked.CompareExchange(ref _state, TakenOver, Inside) == Inside;
}
