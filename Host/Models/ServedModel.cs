using Tessera.Engine;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>Whether a model answers.</summary>
public enum ModelState
{
    /// <summary>Its first composition is being built.</summary>
    Loading,
    /// <summary>It answers.</summary>
    Ready,
    /// <summary>Its first composition could not be built; loading it again may help.</summary>
    Failed,
}

/// <summary>One configured model: the engine that answers for it now, and the swap to another one.</summary>
public sealed class ServedModel : IDisposable
{
    private readonly Func<ModelConfiguration, ModelEngine> _build;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly CancellationTokenSource _hurry = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _draining = [];
    private EngineGeneration? _current;
    private bool _closed;

    internal ServedModel(ModelConfiguration configuration, Func<ModelConfiguration, ModelEngine> build, ILogger logger) =>
        (Configuration, _build, _logger) = (configuration, build, logger);

    /// <summary>The model's entry.</summary>
    public ModelConfiguration Configuration { get; }

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

    /// <summary>Holds the engine that answers now.</summary>
    /// <exception cref="ModelNotReadyException">There is none: it is loading, or has failed.</exception>
    public EngineLease Acquire() => TryAcquire() ?? throw new ModelNotReadyException(Name, State, Error);

    /// <summary>Holds the engine that answers now, or null where there is none.</summary>
    public EngineLease? TryAcquire()
    {
        lock (_lock)
            return _current?.TryAcquire();
    }

    /// <summary>Builds a new composition while the old one serves, and lets it answer from then on; the old one ends with its last request. One at a time.</summary>
    /// <exception cref="TesseraException">It could not be built; whatever answered before still does.</exception>
    /// <exception cref="EngineDrainingException">The model is closed.</exception>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        await _loading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            RefuseIfClosed();
            Replace(await Task.Run(Build, cancellation).ConfigureAwait(false));
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Builds a new composition where the one that answers uses a plugin's generation; waits for a load that has begun.</summary>
    /// <param name="generation">The generation.</param>
    /// <returns>Whether one was built.</returns>
    /// <exception cref="TesseraException">It could not be built; whatever answered before still does.</exception>
    internal async Task<bool> LeaveAsync(PluginGeneration generation)
    {
        await _loading.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _loading.Release();
        if (!Uses(generation))
            return false;
        await LoadAsync(CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    /// <summary>Whether the composition that answers now uses a plugin's generation.</summary>
    internal bool Uses(PluginGeneration generation)
    {
        using EngineLease? lease = TryAcquire();
        return lease?.Composition.Leases is OpenModel open && open.Leases.Holds(generation);
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
            Drain(last);
        using CancellationTokenRegistration hurry = cancellation.Register(static source => ((CancellationTokenSource)source!).Cancel(), _hurry);
        // A composition that is being built right now is drained as soon as it is there.
        await _loading.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _loading.Release();
        Task[] ending;
        lock (_lock)
            ending = [.. _draining];
        await Task.WhenAll(ending).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hurry.Dispose();
        _loading.Dispose();
    }

    private EngineGeneration Build()
    {
        try
        {
            ModelEngine engine = _build(Configuration);
            return new EngineGeneration(engine, ModelSampling.Defaults(engine.Composition.Source.Metadata.Sampling, Configuration.Sampling), _logger);
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

    private void Replace(EngineGeneration next)
    {
        EngineGeneration? old;
        lock (_lock)
        {
            (old, _current) = (_current, next);
            if (_closed)
                (old, _current) = (next, null);
            else
                (State, Error, Generation) = (ModelState.Ready, null, Generation + 1);
        }
        if (old is not null)
            Drain(old);
        RefuseIfClosed();
    }

    /// <summary>Who waits for a turn while the server stops must not build a model any more, nor be told that it answers.</summary>
    private void RefuseIfClosed()
    {
        lock (_lock)
            if (_closed)
                throw new EngineDrainingException(Name);
    }

    private void Drain(EngineGeneration old)
    {
        Task ending = old.RetireAsync(_hurry.Token);
        lock (_lock)
            _draining.Add(ending);
        _ = ending.ContinueWith(done =>
        {
            lock (_lock)
                _draining.Remove(done);
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}

/// <summary>A model cannot answer now.</summary>
public sealed class ModelNotReadyException(string name, ModelState state, string? error)
    : TesseraException(state == ModelState.Failed ? $"model '{name}' could not be loaded: {error}" : $"model '{name}' is loading")
{
    /// <summary>The model's state.</summary>
    public ModelState State { get; } = state;
}
