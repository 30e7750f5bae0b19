using Tessera.Engine;
using Tessera.Engine.Sampling;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>One engine of a model and the requests that hold it. Retired, it ends when the last one is back; what still runs at its deadline goes on with its successor.</summary>
internal sealed class EngineGeneration(ModelEngine engine, SamplingOptions sampling, StepTimes times, ILogger logger)
{
    private static readonly TimeSpan StepPoll = TimeSpan.FromMilliseconds(250);

    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly HashSet<EngineLease> _leases = [];
    private EngineGeneration? _movedTo;
    private bool _retired;

    public ModelEngine Engine => engine;

    public SamplingOptions Sampling => sampling;

    /// <summary>How long its steps take.</summary>
    public StepTimes Times => times;

    /// <summary>What its composition has of plugins and files; null for one that was not built from them.</summary>
    public OpenModel? Open => engine.Composition.Leases as OpenModel;

    /// <summary>Whether its composition, or that of its draft model, uses a plugin's generation.</summary>
    public bool Uses(PluginGeneration generation)
    {
        return Holds(engine.Composition) || Holds(engine.Composition.Draft);

        bool Holds(Composition? composition) => composition?.Leases is OpenModel open && open.Leases.Holds(generation);
    }

    /// <summary>Whether it runs the same model: the same open files.</summary>
    public bool IsSameModel(EngineGeneration other) => Open is { } own && other.Open is { } theirs && ReferenceEquals(own.Files, theirs.Files);

    /// <summary>A hold on the engine, or null once it is retired.</summary>
    public EngineLease? TryAcquire()
    {
        lock (_lock)
            return _retired ? null : AddLease();
    }

    /// <summary>A hold for who has one already, and for what moves here.</summary>
    public EngineLease Another()
    {
        lock (_lock)
            return AddLease();
    }

    public void Release(EngineLease lease)
    {
        lock (_lock)
        {
            _leases.Remove(lease);
            if (_leases.Count == 0 && _retired)
                _idle.TrySetResult();
        }
    }

    /// <summary>Lets another engine of the same model go on with everything; readers follow when they read next. A step that does not come back in time loses its sequences.</summary>
    /// <param name="next">The successor, which the caller holds.</param>
    /// <param name="mostFaults">Requests that were part of so many failed steps end with an error.</param>
    /// <param name="stuck">How long a plugin may take for a step.</param>
    /// <returns>The sequences that had been begun here.</returns>
    public async Task<int> MoveToAsync(EngineGeneration next, int mostFaults, TimeSpan stuck)
    {
        if (!next.Engine.CanAdopt(engine))
            throw new TesseraException("the new composition has no room for what runs on the old one");
        lock (_lock)
        {
            if (_movedTo is not null)
                return 0;
            _movedTo = next;
            foreach (EngineLease lease in _leases)
                lease.SetNext(next.Another());
        }
        Task<int> moved = engine.HandOverAsync(next.Engine, mostFaults);
        while (await Task.WhenAny(moved, Task.Delay(StepPoll)).ConfigureAwait(false) != moved)
            if (engine.CallTime > stuck && engine.TakeAway(next.Engine, Stuck(stuck), mostFaults) is { } taken)
                return taken;
        return await moved.ConfigureAwait(false);
    }

    /// <summary>Ends what runs with the engine's failure.</summary>
    public Task GiveUpAsync(TimeSpan stuck) => engine.CallTime > stuck ? Task.FromResult(engine.TakeAway(null, Stuck(stuck))) : engine.GiveUpAsync();

    /// <summary>Gives no more leases, waits until those given are back and the engine is empty, and disposes it. Never throws.</summary>
    /// <param name="drain">What still runs then is moved; null: it may run as long as it takes.</param>
    /// <param name="move">Moves it.</param>
    /// <param name="time">The deadline's clock.</param>
    /// <param name="cancellation">Cuts short what still runs.</param>
    public async Task RetireAsync(TimeSpan? drain, Func<Task> move, TimeProvider time, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _retired = true;
            if (_leases.Count == 0)
                _idle.TrySetResult();
        }
        try
        {
            // Now, not when the last lease is back: the engine that answers from here on shares the budget.
            engine.ReturnMemory();
            using (cancellation.Register(static idle => ((TaskCompletionSource)idle!).TrySetResult(), _idle))
            {
                if (drain is { } limit && await IsBusyAfterAsync(limit, time).ConfigureAwait(false))
                    await move().ConfigureAwait(false);
                await _idle.Task.ConfigureAwait(false);
            }
            if (cancellation.IsCancellationRequested && engine.IsHeld)
                await engine.GiveUpAsync().ConfigureAwait(false);
            await engine.DrainAsync(cancellation).ConfigureAwait(false);
            await engine.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.LogError("model '{Name}': ending its old engine failed: {Error}", engine.Composition.Name, Failure.Describe(e));
        }
    }

    private async Task<bool> IsBusyAfterAsync(TimeSpan limit, TimeProvider time)
    {
        if (limit > TimeSpan.Zero)
        {
            using CancellationTokenSource idle = new();
            await Task.WhenAny(_idle.Task, Task.Delay(limit, time, idle.Token)).ConfigureAwait(false);
            await idle.CancelAsync().ConfigureAwait(false);
        }
        return !_idle.Task.IsCompleted;
    }

    private EngineLease AddLease()
    {
        EngineLease lease = new(this);
        _leases.Add(lease);
        if (_movedTo is { } next)
            lease.SetNext(next.Another());
        return lease;
    }

    private static string Stuck(TimeSpan limit) => $"a step has not come back for {limit.TotalSeconds:0} s";
}
