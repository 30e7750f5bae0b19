using Tessera.Engine;
using Tessera.Host.Configuration;
using Tessera.Host.Files;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>Whether a model answers.</summary>
public enum ModelState
{
    /// <summary>Its first composition is being built.</summary>
    Loading,
    /// <summary>It answers.</summary>
    Ready,
    /// <summary>No composition of it could be built, or its engine fails again and again; loading it again or switching a plugin may help.</summary>
    Failed,
}

/// <summary>One configured model: the engine that answers for it now, and the swap to another one.</summary>
public sealed partial class ServedModel : IDisposable
{
    /// <summary>After the deadline of a stop, who does not end is left alone: the process ends with it.</summary>
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(5);

    /// <summary>Building a composition may take so many times as long as another call of a plugin.</summary>
    private const int BuildPatience = 3;

    private readonly ModelServices _services;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly CancellationTokenSource _hurry = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<EngineGeneration, Task> _draining = [];
    private EngineGeneration? _current;
    private bool _closed;

    internal ServedModel(ModelConfiguration configuration, ModelServices services) => (Configuration, _services, _logger) = (configuration, services, services.Logger);

    /// <summary>The model's entry.</summary>
    public ModelConfiguration Configuration { get; private set; }

    /// <summary>The model's name.</summary>
    public string Name => Configuration.Name;

    /// <summary>Whether it answers.</summary>
    public ModelState State { get; private set; }

    /// <summary>Why the last load failed; null when it did not.</summary>
    public string? Error { get; private set; }

    /// <summary>How many compositions it has had.</summary>
    public int Generation { get; private set; }

    /// <summary>How many old engines still answer requests.</summary>
    public int Draining
    {
        get
        {
            lock (_lock)
                return _draining.Count;
        }
    }

    /// <summary>Whether a composition answers for it.</summary>
    internal bool IsLive => Current is { } current && (current.Engine.Faulted is null || current.Engine.IsHeld);

    internal EngineGeneration? Current
    {
        get
        {
            lock (_lock)
                return _current;
        }
    }

    /// <summary>Holds the engine that answers now.</summary>
    /// <exception cref="ModelNotReadyException">There is none: it is loading, or has failed.</exception>
    public EngineLease Acquire() => TryAcquire() ?? throw new ModelNotReadyException(Name, State, Error);

    /// <summary>Holds the engine that answers now, or null where there is none.</summary>
    public EngineLease? TryAcquire()
    {
        lock (_lock)
            return _current?.TryAcquire();
    }

    /// <summary>Builds a new composition from the files as they are now while the old one serves, and lets it answer from then on; the old one ends with its last request. One at a time.</summary>
    /// <exception cref="TesseraException">It could not be built; whatever answered before still does.</exception>
    /// <exception cref="EngineDrainingException">The model is closed.</exception>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        using PreparedEngine next = await PrepareAsync(_services.Builder, Configuration, share: false, cancellation).ConfigureAwait(false);
        next.Commit(drain: null);
    }

    /// <summary>Builds a new composition, which answers once it is committed. No other is built until it is disposed.</summary>
    /// <param name="builder">Builds.</param>
    /// <param name="configuration">The model's entry.</param>
    /// <param name="share">Whether it takes the files as the one that answers now has them open; they are not read again.</param>
    /// <param name="cancellation">Ends the waiting for one that is being built.</param>
    /// <param name="need">Asked once nothing else is being built; null: it is required.</param>
    /// <exception cref="TesseraException">It is required and could not be built.</exception>
    /// <exception cref="EngineDrainingException">The model is closed.</exception>
    internal async Task<PreparedEngine> PrepareAsync(CompositionBuilder builder, ModelConfiguration configuration, bool share, CancellationToken cancellation, Func<SwapNeed>? need = null)
    {
        await _loading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            RefuseIfClosed();
            SwapNeed needed = need?.Invoke() ?? SwapNeed.Required;
            EngineGeneration? next = needed == SwapNeed.None ? null : await RunAsync(() => BuildOrNull(builder, configuration, share, needed), isGuarded: need is not null, cancellation).ConfigureAwait(false);
            return new PreparedEngine(this, configuration, next, unused => Drain(unused, TimeSpan.Zero), () => _loading.Release());
        }
        catch
        {
            _loading.Release();
            throw;
        }
    }

    /// <summary>Lets a prepared composition answer from now on.</summary>
    /// <param name="next">Its engine.</param>
    /// <param name="configuration">The model's entry that it was built by.</param>
    /// <param name="drain">How long the old one may go on with what it runs, before the new one takes it over; null: to the end.</param>
    /// <exception cref="EngineDrainingException">The model is closed.</exception>
    internal void Commit(EngineGeneration next, ModelConfiguration configuration, TimeSpan? drain)
    {
        EngineGeneration? old;
        lock (_lock)
        {
            (old, _current) = (_current, next);
            if (_closed)
                (old, _current) = (next, null);
            else
                (Configuration, State, Error, Generation) = (configuration, ModelState.Ready, null, Generation + 1);
        }
        if (old is not null)
            Drain(old, drain);
        RefuseIfClosed();
    }

    /// <summary>Whether a composition uses a plugin that has still to prove itself.</summary>
    internal bool IsOnTrial(EngineGeneration generation) => _services.IsOnTrial?.Invoke(generation) ?? false;

    /// <summary>Whether the composition that answers now uses a plugin's generation.</summary>
    internal bool Uses(PluginGeneration generation)
    {
        using EngineLease? lease = TryAcquire();
        return lease?.Generation.Uses(generation) == true;
    }

    /// <summary>Takes no more requests and waits for those that run.</summary>
    /// <param name="cancellation">Cuts short what still runs, on old engines too.</param>
    internal async Task CloseAsync(CancellationToken cancellation)
    {
        EngineGeneration? last;
        lock (_lock)
        {
            _closed = true;
            (last, _current) = (_current, null);
        }
        if (last is not null)
            Drain(last, drain: null);
        using CancellationTokenRegistration hurry = cancellation.Register(static source => ((CancellationTokenSource)source!).Cancel(), _hurry);
        // A composition that is being built right now is drained as soon as it is there.
        await _loading.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _loading.Release();
        Task[] ending;
        lock (_lock)
            ending = [.. _draining.Where(d => !_hung.Contains(d.Key)).Select(d => d.Value)];
        await EndAsync(Task.WhenAll(ending), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hurry.Dispose();
        _loading.Dispose();
    }

    private async Task EndAsync(Task ending, CancellationToken cancellation)
    {
        TaskCompletionSource deadline = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancellation.Register(() => deadline.TrySetResult()))
            await Task.WhenAny(ending, deadline.Task).ConfigureAwait(false);
        await Task.WhenAny(ending, Task.Delay(LastPatience, CancellationToken.None)).ConfigureAwait(false);
        if (!ending.IsCompleted)
            _logger.LogError("model '{Name}': an engine does not end; it is left as it is", Name);
    }

    /// <summary>In a switch a plugin that does not come back must not stop all others; a first load may take as long as reading the files takes.</summary>
    private Task<EngineGeneration?> RunAsync(Func<EngineGeneration?> build, bool isGuarded, CancellationToken cancellation) => !isGuarded ? Task.Run(build, cancellation)
        : Guarded.RunAsync($"model '{Name}': building a composition", BuildPatience * _services.Stuck, _services.PluginClock, build, late =>
        {
            if (late is not null)
                Drain(late, TimeSpan.Zero);
        });

    private EngineGeneration? BuildOrNull(CompositionBuilder builder, ModelConfiguration configuration, bool share, SwapNeed need)
    {
        try
        {
            return Build(builder, configuration, share);
        }
        catch (TesseraException) when (need == SwapNeed.Wanted)
        {
            return null;
        }
    }

    private EngineGeneration Build(CompositionBuilder builder, ModelConfiguration configuration, bool share)
    {
        try
        {
            using EngineLease? now = share ? TryAcquire() : null;
            // The builder owns what it is given, so that a swap in between does not close the files.
            ModelFiles? files = now?.Composition.Leases is OpenModel open && configuration.Path == Configuration.Path ? open.Files.Share() : null;
            return _services.Start(builder, configuration, files, OnFault);
        }
        catch (Exception e)
        {
            string text = Failure.Describe(e);
            lock (_lock)
            {
                Error = text;
                if (Generation == 0)
                    State = ModelState.Failed;
            }
            _logger.LogError("model '{Name}': {Error}", Name, text);
            throw;
        }
    }

    /// <summary>Who waits for a turn while the server stops must not build a model any more, nor be told that it answers.</summary>
    private void RefuseIfClosed()
    {
        lock (_lock)
            if (_closed)
                throw new EngineDrainingException(Name);
    }

    private void Drain(EngineGeneration old, TimeSpan? drain)
    {
        TimeSpan? deadline = old.Engine.IsHeld || old.Engine.CallTime > _services.Stuck ? TimeSpan.Zero : drain;
        TaskCompletionSource begun = new();
        Task ending = RetireAsync();
        lock (_lock)
            _draining[old] = ending;
        begun.SetResult();

        async Task RetireAsync()
        {
            await begun.Task.ConfigureAwait(false);
            await old.RetireAsync(deadline, () => MoveAsync(old), _services.Time, _hurry.Token).ConfigureAwait(false);
            lock (_lock)
            {
                _draining.Remove(old);
                _hung.Remove(old);
            }
        }
    }
}

/// <summary>A model cannot answer now.</summary>
public sealed class ModelNotReadyException(string name, ModelState state, string? error)
    : TesseraException(state == ModelState.Failed ? $"model '{name}' could not be loaded: {error}" : $"model '{name}' is loading")
{
    /// <summary>The model's state.</summary>
    public ModelState State { get; } = state;
}
