using Tessera.Engine.Scheduling;
using Tessera.Host.Configuration;
using Tessera.Host.Files;

namespace Tessera.Host.Models;

/// <summary>The configured models by name.</summary>
public sealed class ModelRegistry : IAsyncDisposable
{
    private readonly CancellationTokenSource _deadline = new();
    private volatile ModelList _models;
    private int _disposed;

    /// <summary>Makes the registry; nothing is loaded yet.</summary>
    /// <param name="configuration">The models, and how engines work.</param>
    /// <param name="builder">Builds compositions.</param>
    /// <param name="time">The engines' clock.</param>
    /// <param name="loggers">Loggers.</param>
    /// <param name="observer">Makes the observer of a model's engines by the model's name, or null.</param>
    /// <param name="progress">Told about reading large files, or null.</param>
    /// <param name="pluginClock">Measures how long plugins take to build; null: the system's.</param>
    public ModelRegistry(LiveConfiguration configuration, CompositionBuilder builder, TimeProvider time, ILoggerFactory loggers, Func<string, IEngineObserver?>? observer = null, FileProgress? progress = null, TimeProvider? pluginClock = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Services = new ModelServices(builder, configuration, time, loggers.CreateLogger<ModelRegistry>(), observer, progress) { PluginClock = pluginClock ?? TimeProvider.System };
        ModelsConfiguration models = configuration.Current.Models;
        _models = new ModelList(models.Default, [.. models.List.Select(Create)]);
    }

    /// <summary>The model of requests that name none; null where none is configured.</summary>
    public string? DefaultName => _models.Default;

    /// <summary>Every model, in the configuration's order.</summary>
    public IReadOnlyCollection<ServedModel> Models => _models.All;

    /// <summary>Whether every model has been loaded or has failed.</summary>
    public bool IsReady => Models.All(m => m.State != ModelState.Loading) && Models.Any(m => m.State == ModelState.Ready);

    internal ModelServices Services { get; }

    /// <summary>A model by its name, or null.</summary>
    public ServedModel? Find(string name) => _models.ByName.GetValueOrDefault(name);

    /// <summary>A model by its name; null or empty: the default one.</summary>
    /// <exception cref="UnknownModelException">There is none of this name.</exception>
    public ServedModel Get(string? name)
    {
        ModelList models = _models;
        return models.ByName.GetValueOrDefault(string.IsNullOrEmpty(name) ? models.Default ?? "" : name) ?? throw new UnknownModelException(name ?? "", models.ByName.Keys);
    }

    /// <summary>Loads every model, one after another. A failure is logged and kept with its model.</summary>
    public async Task LoadAllAsync(CancellationToken cancellation)
    {
        foreach (ServedModel model in Models.Where(m => m.Generation == 0))
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
    public Task DrainAsync(CancellationToken cancellation) => Task.WhenAll(Models.Select(m => m.CloseAsync(cancellation)));

    /// <summary>Cuts short what runs and disposes all engines.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _deadline.CancelAsync().ConfigureAwait(false);
        await DrainAsync(_deadline.Token).ConfigureAwait(false);
        _deadline.Dispose();
        foreach (ServedModel model in Models)
            model.Dispose();
    }

    /// <summary>A model that the registry does not have yet.</summary>
    internal ServedModel Create(ModelConfiguration model) => new(model, Services);

    /// <summary>From now on these are the models; the caller closes those that are not among them any more.</summary>
    internal void Set(string? defaultName, IReadOnlyList<ServedModel> models) => _models = new ModelList(defaultName, models);

    private sealed class ModelList(string? defaultName, IReadOnlyList<ServedModel> all)
    {
        public string? Default => defaultName;

        public IReadOnlyList<ServedModel> All => all;

        public Dictionary<string, ServedModel> ByName { get; } = all.ToDictionary(m => m.Name, StringComparer.Ordinal);
    }
}

/// <summary>A request names a model that is not configured.</summary>
public sealed class UnknownModelException(string name, IEnumerable<string> known)
    : TesseraException($"model '{name}' is not configured; configured are {string.Join(", ", known.DefaultIfEmpty("none"))}")
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
