using System.Runtime.ExceptionServices;
using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;
using Tessera.Engine.Speculation;

namespace Tessera.Engine;

/// <summary>Generates with one composition, for many requests at once. Thread-safe, but for <see cref="Step"/>.</summary>
public sealed partial class ModelEngine : IAsyncDisposable
{
    private const string StepThread = "step";
    private const int StarvingPollMilliseconds = 20, JoinMilliseconds = 50;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly Scheduler _scheduler;
    private readonly RequestReader _requests;
    private readonly Lock _turn = new();
    private Task? _thread;
    private ITimer? _watch;
    private int _holders = 1;
    private volatile bool _stopping;
    private int _disposed;

    /// <summary>Makes the engine; starts no thread. The engine owns the composition from here on.</summary>
    /// <param name="composition">What answers.</param>
    /// <param name="options">How steps are shared.</param>
    /// <param name="time">The clock.</param>
    /// <param name="observer">Watches, from the step thread.</param>
    /// <param name="onFault">Told once, from the step thread, when the engine fails; it then keeps its requests, and takes more, until <see cref="HandOverAsync"/> or <see cref="GiveUpAsync"/>. Null: a failure ends them.</param>
    public ModelEngine(Composition composition, EngineOptions options, TimeProvider time, IEngineObserver? observer = null, Action<ModelEngine, string>? onFault = null)
        : this(composition, options, time, observer, onFault, rule: null)
    {
    }

    internal ModelEngine(Composition composition, EngineOptions options, TimeProvider time, IEngineObserver? observer, Action<ModelEngine, string>? onFault, IAcceptanceRule? rule)
    {
        ArgumentNullException.ThrowIfNull(composition);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        Composition = composition;
        (_options, _time) = (options, time);
        _scheduler = new Scheduler(composition, options, time, observer, onFault is null ? null : text => onFault(this, text), rule);
        _requests = new RequestReader(composition, _scheduler.Intake, _scheduler.Grammars, _scheduler.MaxSequences, time);
    }

    /// <summary>What answers.</summary>
    public Composition Composition { get; }

    /// <summary>What the engine is busy with.</summary>
    public EngineLoad Load => _scheduler.Load;

    /// <summary>Why the engine answers no more; null while it does.</summary>
    public string? Faulted => _scheduler.Intake.Fault;

    /// <summary>Why the decoding strategy is not asked any more; null while it is, or where there is none.</summary>
    public string? DraftingProblem => _scheduler.DraftingProblem;

    /// <summary>What is known of drafts, and how long they are; null where nothing drafts.</summary>
    public SpeculationReport? Speculation => _scheduler.Speculation;

    /// <summary>Measures what steps of a few rows take, if there is a decoding strategy: how long its drafts are depends on it. Before <see cref="Start"/> and the first <see cref="Step"/>.</summary>
    /// <param name="patience">No more is measured when this has passed.</param>
    public void Calibrate(TimeSpan patience)
    {
        // Not on the caller's thread: a team that is bound to processors binds the thread that it runs a job on, for good.
        ExceptionDispatchInfo? failure = null;
        LastingThread.Run(StepThread, $"tessera calibration {Composition.Name}", () =>
        {
            try
            {
                _scheduler.Calibrate(patience);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }).Wait();
        failure?.Throw();
    }

    /// <summary>The seeds of requests that have none.</summary>
    internal Func<ulong> RandomSeed { set => _requests.RandomSeed = value; }

    /// <summary>Starts the step thread.</summary>
    public void Start()
    {
        if (_thread is not null)
            throw new InvalidOperationException("the engine has been started");
        StartThread(Run);
        if (Composition.Strategy is not null)
            _watch = _time.CreateTimer(static engine => ((ModelEngine)engine!).LookAfter(), this, _options.DraftPatience, _options.DraftPatience / 4);
    }

    /// <summary>Does one step on the caller's thread; for engines that were not started.</summary>
    /// <returns>False when there was nothing to do.</returns>
    public bool Step() => _scheduler.Step() != StepOutcome.Idle;

    /// <summary>Takes a request.</summary>
    /// <returns>A stream for each of the request's continuations.</returns>
    /// <exception cref="RequestException">A field of the request is invalid; the exception names it.</exception>
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
            await Task.Run(Join).ConfigureAwait(false);
        if (_watch is not null)
            await _watch.DisposeAsync().ConfigureAwait(false);
        if (!_scheduler.Intake.IsDisowned)
            _scheduler.EndAll(FinishReason.Cancelled, null);
        _scheduler.Intake.SetEnded();
        _scheduler.Readers.Close();
        Release();
    }

    /// <summary>Waits for the thread that steps, whichever it is in the end.</summary>
    private void Join()
    {
        Task? joined = null;
        while (true)
        {
            lock (_turn)
            {
                if (joined == _thread)
                    return;
                joined = _thread;
            }
            while (!joined!.Wait(JoinMilliseconds))
                lock (_turn)
                    if (joined != _thread)
                        break;
        }
    }

    /// <summary>Lets another thread go on where the step thread does not come back from the decoding strategy. What that one still uses is disposed when it does.</summary>
    private void LookAfter()
    {
        lock (_turn)
        {
            if (!_scheduler.TryTakeOver())
                return;
            Interlocked.Increment(ref _holders);
            StartThread(() =>
            {
                _scheduler.Finish();
                Run();
            });
        }
    }

    private void StartThread(Action run) => _thread = LastingThread.Run(StepThread, $"tessera step {Composition.Name}", run);

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        try
        {
            _scheduler.Dispose();
        }
        finally
        {
            Composition.Dispose();
        }
    }

    private void Run()
    {
        while (!_stopping && !_scheduler.Intake.IsDisowned)
        {
            StepOutcome outcome = _scheduler.Step();
            if (outcome == StepOutcome.TakenOver)
            {
                Release();
                return;
            }
            if (outcome == StepOutcome.Idle && !_stopping)
                _scheduler.Intake.Park(_scheduler.IsStarving ? StarvingPollMilliseconds : Timeout.Infinite);
        }
    }
}
