using Tessera.Engine;
using Tessera.Host.Compute;
using Tessera.Host.Configuration;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Host.Cli;

/// <summary>What every command needs of the host: configuration, plugins, and models opened as far as the command wants.</summary>
internal sealed class HostSession : IAsyncDisposable
{
    private readonly ILoggerFactory _loggers;
    private WorkTeam? _team;

    private HostSession(HostConfiguration configuration, PluginHost plugins, ILoggerFactory loggers) =>
        (Configuration, Plugins, _loggers) = (configuration, plugins, loggers);

    public HostConfiguration Configuration { get; }

    public PluginHost Plugins { get; }

    /// <summary>Reads the configuration and loads the plugins.</summary>
    /// <param name="config">The configuration's file, or null: where it usually is.</param>
    /// <param name="model">A configured name or a path, which becomes the default model; null: as configured.</param>
    public static HostSession Open(string? config, string? model)
    {
        HostConfiguration configuration = new ConfigurationLoader { RequireModelFiles = false }.Load(config);
        if (model is not null)
            configuration = configuration.WithModel(model, Directory.GetCurrentDirectory());
        ILoggerFactory loggers = LoggerFactory.Create(b => Logging.Configure(b, LogLevel.Warning));
        try
        {
            PluginHost plugins = PluginHost.Load(configuration.Plugins, TrustedFiles.Read(AppContext.BaseDirectory), loggers);
            return new HostSession(configuration, plugins, loggers);
        }
        catch
        {
            loggers.Dispose();
            throw;
        }
    }

    /// <summary>The default model's entry.</summary>
    public ModelConfiguration Model =>
        Configuration.Models.List.FirstOrDefault(m => m.Name == Configuration.Models.Default)
        ?? throw new TesseraException($"{Path.GetFileName(Configuration.File)}: no model is configured");

    /// <summary>Opens a model's files, and no more.</summary>
    public OpenModel OpenFiles(string path)
    {
        using ProgressLine progress = new();
        return OpenModel.Open(path, Plugins, Configuration.Files.Mmap, progress.Report);
    }

    /// <summary>Opens a model's tokenizer: of a model, or of a tokenizer's own file or a folder that holds one.</summary>
    public OpenTokenizer OpenTokenizer(string path)
    {
        if (TokenizerFiles.TryRead(path) is { } assets)
            return Models.OpenTokenizer.Open(assets, Plugins, Path.GetFileName(path));
        return Models.OpenTokenizer.Open(OpenFiles(path));
    }

    /// <summary>Builds a model.</summary>
    /// <param name="model">Its entry, possibly changed by the command's options.</param>
    /// <param name="needsTokenizer">Whether a model without a tokenizer is refused.</param>
    public Composition Build(ModelConfiguration model, bool needsTokenizer = true)
    {
        using ProgressLine progress = new();
        return Builder().Build(model, progress.Report, needsTokenizer: needsTokenizer);
    }

    /// <summary>Builds the runtime of an opened model, which need not have a tokenizer.</summary>
    public BuiltRuntime BuildRuntime(OpenModel open, ModelConfiguration model)
    {
        CompositionBuilder builder = Builder();
        return builder.BuildRuntime(open, model, builder.Limits(open, model, maxDraft: 0));
    }

    /// <summary>The machine's threads.</summary>
    public WorkTeam Team => _team ??= WorkTeam.Create(Configuration.Engine.Threads, Configuration.Engine.Affinity);

    /// <summary>What an opened model, as the default entry, would run with, or lacks.</summary>
    public ModelReport Report(OpenModel open) => ModelReport.Of(open, Model, Builder(), Plugins);

    private CompositionBuilder Builder() => new(Configuration, Plugins, Team, KvBudget.Create(Configuration), _loggers);

    public async ValueTask DisposeAsync()
    {
        _team?.Dispose();
        await Plugins.DisposeAsync().ConfigureAwait(false);
        _loggers.Dispose();
    }
}
