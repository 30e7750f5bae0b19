namespace Tessera.Engine;

/// <summary>How an engine shares its steps among sequences.</summary>
public sealed record EngineOptions
{
    /// <summary>The most draft rows in one step, whatever the strategy proposes: where more would fit, the rows of the sequences themselves fill the step.</summary>
    public const int MaxDraftRows = 64;

    /// <summary>The most rows in one step; cut to what the runtime was built for.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>The most sequences that run at once; cut to what the runtime was built for.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>The time that a step may take, in milliseconds, whenever it holds rows of a prompt and another sequence decodes.</summary>
    public int StepMs { get; init; } = 100;

    /// <summary>The most requests that wait to be started; more are refused.</summary>
    public int MaxQueue { get; init; } = 512;

    /// <summary>A sequence is cancelled when tokens wait for its reader and it has read none for so long.</summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a request whose blocks do not fit waits for memory that others hold, when nothing of this engine runs, before it is failed.</summary>
    public TimeSpan MemoryPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether prompts that begin alike share KV blocks.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>The most rows of one prompt in one step; 0: as many as the budgets allow.</summary>
    public int PrefillChunk { get; init; }

    /// <summary>Whether drafts are cut to what is worth the time; false: all that a strategy proposes is verified.</summary>
    public bool TuneDrafts { get; init; } = true;

    /// <summary>The time of its own that a decoding strategy may take in a step; more loses it the turn.</summary>
    public TimeSpan DraftBudget { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a step waits for a decoding strategy that does not come back; then it goes on without, and so do all steps after it.</summary>
    public TimeSpan DraftPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range; the text names it.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(StepMs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueue, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SlowReaderTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MemoryPatience, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(PrefillChunk);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DraftBudget, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(DraftPatience, DraftBudget);
    }
}
