using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;

namespace Tessera.Engine;

/// <summary>Generates with one composition, for many requests at once. Thread-safe, but for <see cref="Step"/>.</summary>
public sealed class ModelEngine : IAsyncDisposable
{
    private const int StarvingPollMilliseconds = 20;
    private readonly Scheduler _scheduler;
    private readonly RequestReader _requests;
    private Thread? _thread;
    private volatile bool _stopping;
    private int _disposed;

    /// <summary>Makes the engine; starts no thread. The engine owns the composition from here on.</summary>
    /// <param name="composition">What answers.</param>
    /// <param name="options">How steps are shared.</param>
    /// <param name="time">The clock.</param>
    /// <param name="observer">Watches, from the step thread.</param>
    public ModelEngine(Composition composition, EngineOptions options, TimeProvider time, IEngineObserver? observer = null)
    {
        ArgumentNullException.ThrowIfNull(composition);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        Composition = composition;
        _scheduler = new Scheduler(composition, options, time, observer);
        _requests = new RequestReader(composition, _scheduler.Intake, _scheduler.MaxSequences, time);
    }

    /// <summary>What answers.</summary>
    public Composition Composition { get; }

    /// <summary>What the engine is busy with.</summary>
    public EngineLoad Load => _scheduler.Load;

    /// <summary>Why the engine answers no more; null while it does.</summary>
    public string? Faulted => _scheduler.Intake.Fault;

    /// <summary>Why the decoding strategy is not asked any more; null while it is, or where there is none.</summary>
    public string? DraftingProblem => _scheduler.DraftingProblem;

    /// <summary>Starts the step thread.</summary>
    public void Start()
    {
        if (_thread is not null)
            throw new InvalidOperationException("the engine has been started");
        _thread = new Thread(Run) { IsBackground = true, Name = $"tessera step {Composition.Name}" };
        _thread.Start();
    }

    /// <summary>Does one step on the caller's thread; for engines that were not started.</summary>
    /// <returns>False when there was nothing to do.</returns>
    public bool Step() => _scheduler.Step();

    /// <summary>Takes a request.</summary>
    /// <returns>A stream for each of the request's continuations.</returns>
    /// <exception cref="ArgumentException">A field of the request is invalid; the exception names it.</exception>
    /// <exception cref="Sampling.SamplingOptionsException">A sampling option is invalid; the exception names it.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="EngineDrainingException">The engine takes nothing new.</exception>
    /// <exception cref="EngineFaultedException">The engine has failed.</exception>
    public IReadOnlyList<GenerationStream> Submit(GenerationRequest request) => Submit([request])[0];

    /// <summary>Takes several requests, or none of them.</summary>
    /// <returns>For each request, a stream for each of its continuations.</returns>
    /// <inheritdoc cref="Submit(GenerationRequest)"/>
    public IReadOnlyList<IReadOnlyList<GenerationStream>> Submit(IReadOnlyList<GenerationRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        Sequence[][] sequences = [.. requests.Select(_requests.Read)];
        _scheduler.Intake.Add(sequences);
        return Array.ConvertAll(sequences, request => Array.ConvertAll(request, s => s.Stream));
    }

    /// <summary>Gives KV memory that no sequence holds back to the budget from now on, its prefix cache too; requests are still taken. For an engine that another one is to replace.</summary>
    public void ReturnMemory() => _scheduler.Intake.ReturnMemory();

    /// <summary>Refuses new requests and completes when all others have ended.</summary>
    /// <param name="ct">Cancels what still runs; the task then completes once that has ended.</param>
    public async Task DrainAsync(CancellationToken ct)
    {
        _scheduler.Intake.Close();
        using CancellationTokenRegistration registration = ct.Register(static intake => ((Intake)intake!).CancelAll(), _scheduler.Intake);
        await _scheduler.Intake.Empty.ConfigureAwait(false);
    }

    /// <summary>Stops the thread, ends all streams as cancelled and disposes the composition.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _stopping = true;
        _scheduler.Intake.Close();
        _scheduler.Intake.CancelAll();
        if (_thread is not null)
            await Task.Run(_thread.Join).ConfigureAwait(false);
        _scheduler.EndAll(FinishReason.Cancelled, null);
        _scheduler.Dispose();
        Composition.Dispose();
    }

    private void Run()
    {
        while (!_stopping)
            if (!_scheduler.Step() && !_stopping)
                _scheduler.Intake.Park(_scheduler.IsStarving ? StarvingPollMilliseconds : Timeout.Infinite);
    }
}
