using Tessera.Engine;
using Tessera.Engine.Scheduling;
using Tessera.Host.Configuration;
using Tessera.Host.Files;

namespace Tessera.Host.Models;

/// <summary>The configured models by name.</summary>
public sealed class ModelRegistry : IAsyncDisposable
{
    private readonly Dictionary<string, ServedModel> _models = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _deadline = new();
    private int _disposed;

    /// <summary>Makes the registry; nothing is loaded yet.</summary>
    /// <param name="configuration">The models, and how engines work.</param>
    /// <param name="builder">Builds compositions.</param>
    /// <param name="time">The engines' clock.</param>
    /// <param name="loggers">Loggers.</param>
    /// <param name="observer">Makes the observer of a model's engines by the model's name, or null.</param>
    /// <param name="progress">Told about reading large files, or null.</param>
    public ModelRegistry(HostConfiguration configuration, CompositionBuilder builder, TimeProvider time, ILoggerFactory loggers, Func<string, IEngineObserver?>? observer = null, FileProgress? progress = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        DefaultName = configuration.Models.Default;
        EngineOptions options = new()
        {
            MaxBatchTokens = configuration.Engine.MaxBatchTokens,
            MaxSequences = configuration.Engine.MaxSequences,
            StepMs = configuration.Engine.StepMs,
            MaxQueue = configuration.Server.MaxQueue,
            SlowReaderTimeout = configuration.Server.SlowReaderTimeout,
        };
        ILogger logger = loggers.CreateLogger<ModelRegistry>();
        foreach (ModelConfiguration model in configuration.Models.List)
            _models.Add(model.Name, new ServedModel(model, m => Start(builder.Build(m, progress), options, time, observer?.Invoke(m.Name)), logger));
    }

    /// <summary>The model of requests that name none; null where none is configured.</summary>
    public string? DefaultName { get; }

    /// <summary>Every model, in the configuration's order.</summary>
    public IReadOnlyCollection<ServedModel> Models => _models.Values;

    /// <summary>Whether every model has been loaded or has failed.</summary>
    public bool IsReady => _models.Values.All(m => m.State != ModelState.Loading) && _models.Values.Any(m => m.State == ModelState.Ready);

    /// <summary>A model by its name, or null.</summary>
    public ServedModel? Find(string name) => _models.GetValueOrDefault(name);

    /// <summary>A model by its name; null or empty: the default one.</summary>
    /// <exception cref="UnknownModelException">There is none of this name.</exception>
    public ServedModel Get(string? name) =>
        _models.GetValueOrDefault(string.IsNullOrEmpty(name) ? DefaultName ?? "" : name) ?? throw new UnknownModelException(name ?? "", _models.Keys);

    /// <summary>Loads every model, one after another. A failure is logged and kept with its model.</summary>
    public async Task LoadAllAsync(CancellationToken cancellation)
    {
        foreach (ServedModel model in _models.Values)
            try
            {
                await model.LoadAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The model knows, and has logged it.
            }
    }

    /// <summary>Builds a new composition of a model while the old one serves, and swaps them.</summary>
    /// <exception cref="UnknownModelException">There is no model of this name.</exception>
    /// <exception cref="TesseraException">It could not be built; the old one serves on.</exception>
    public Task SwapAsync(string name, CancellationToken cancellation) => Get(name).LoadAsync(cancellation);

    /// <summary>Takes no more requests and waits for those that run.</summary>
    /// <param name="cancellation">Cuts short what still runs.</param>
    public Task DrainAsync(CancellationToken cancellation) => Task.WhenAll(_models.Values.Select(m => m.CloseAsync(cancellation)));

    /// <summary>Cuts short what runs and disposes all engines.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _deadline.CancelAsync().ConfigureAwait(false);
        await DrainAsync(_deadline.Token).ConfigureAwait(false);
        _deadline.Dispose();
        foreach (ServedModel model in _models.Values)
            model.Dispose();
    }

    private static ModelEngine Start(Composition composition, EngineOptions options, TimeProvider time, IEngineObserver? observer)
    {
        try
        {
            ModelEngine engine = new(composition, options, time, observer);
            engine.Start();
            return engine;
        }
        catch
        {
            composition.Dispose();
            throw;
        }
    }
}

/// <summary>A request names a model that is not configured.</summary>
public sealed class UnknownModelException(string name, IEnumerable<string> known)
    : TesseraException($"model '{name}' is not configured; configured are {string.Join(", ", known.DefaultIfEmpty("none"))}")
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
