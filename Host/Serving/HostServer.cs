using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Tessera.Host.Api;
using Tessera.Host.Api.Admin;
using Tessera.Host.Api.Embeddings;
using Tessera.Host.Api.OpenAi;
using Tessera.Host.Cli;
using Tessera.Host.Compute;
using Tessera.Host.Configuration;
using Tessera.Host.Files;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Host.Serving;

/// <summary>The serving host: plugins, team, models and the REST API. Listens before the models are loaded, and drains when it stops.</summary>
internal sealed class HostServer : IAsyncDisposable
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LaneTime = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly ILoggerFactory _loggers;
    private readonly Task _loading;
    private readonly CancellationTokenSource _stopping = new();
    private readonly LifeCycleWatch _engines;
    private readonly ConfigurationWatch? _file;
    private readonly ILogger _log;
    private PluginSwitch _switches = null!;
    private int _stopped;

    private HostServer(WebApplication app, PluginHost plugins, WorkTeam team, ModelRegistry registry, ILoggerFactory loggers, string file, ConfigurationReload? reload, TimeSpan? settle)
    {
        (_app, Plugins, Team, Registry, _loggers, _log) = (app, plugins, team, registry, loggers, loggers.CreateLogger<HostServer>());
        _engines = new LifeCycleWatch(registry);
        _file = reload is null ? null : new ConfigurationWatch(file, reload.ApplyAsync, _log, settle);
        _loading = LoadAsync(_log);
    }

    /// <summary>The models.</summary>
    public ModelRegistry Registry { get; }

    /// <summary>The plugins.</summary>
    public PluginHost Plugins { get; }

    /// <summary>The machine's threads.</summary>
    public WorkTeam Team { get; }

    /// <summary>The addresses that are listened on.</summary>
    public IReadOnlyList<string> Urls => [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Completes when every model is loaded or has failed.</summary>
    public Task Loading => _loading;

    /// <summary>Loads the plugins, starts to listen and begins to load the models.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="packages">The folder with the record of first-party packages: the executable's.</param>
    /// <param name="level">The least level that is logged.</param>
    /// <param name="progress">Told about reading large files, or null.</param>
    /// <param name="reload">Reads the configuration again when its file has changed; null: changes wait for the next start.</param>
    /// <param name="pluginClock">Measures how long plugins take for what may hang; null: the system's.</param>
    /// <param name="settle">How long the configuration's file must have stayed as it is; null: as by default.</param>
    /// <exception cref="TesseraException">A plugin cannot be loaded, or an address cannot be listened on.</exception>
    public static async Task<HostServer> StartAsync(HostConfiguration configuration, string packages, LogLevel level, FileProgress? progress = null, Func<HostConfiguration>? reload = null, TimeProvider? pluginClock = null, TimeSpan? settle = null)
    {
        ILoggerFactory loggers = CreateLoggers(level);
        PluginHost? plugins = null;
        WorkTeam? team = null;
        ModelRegistry? registry = null;
        WebApplication? app = null;
        PluginSwitch? switches = null;
        try
        {
            StrayExceptions.Catch(loggers.CreateLogger<HostServer>());
            plugins = PluginHost.Load(configuration.Plugins, TrustedFiles.Read(packages), loggers, pluginClock);
            team = WorkTeam.Create(configuration.Engine.Threads, configuration.Engine.Affinity);
            LiveConfiguration live = new(configuration);
            CompositionBuilder compositions = new(live, plugins, team, KvBudget.Create(configuration), loggers);
            MetricsHub metrics = new(loggers.CreateLogger<MetricsHub>());
            registry = new ModelRegistry(live, compositions, TimeProvider.System, loggers, metrics.For, progress, plugins.Clock);
            registry.Services.Observer = metrics.LifeCycle;
            switches = new PluginSwitch(plugins, registry, live, loggers.CreateLogger<PluginSwitch>());
            app = BuildApp(configuration, live, loggers, plugins, registry, metrics, switches);
            await ListenAsync(app, configuration).ConfigureAwait(false);
            ConfigurationReload? reloads = reload is null ? null : new(reload, live, plugins, switches, registry, loggers.CreateLogger<ConfigurationReload>());
            return new HostServer(app, plugins, team, registry, loggers, configuration.File, reloads, settle) { _switches = switches };
        }
        catch
        {
            switches?.Dispose();
            if (app is not null)
                await app.DisposeAsync().ConfigureAwait(false);
            if (registry is not null)
                await registry.DisposeAsync().ConfigureAwait(false);
            team?.Dispose();
            if (plugins is not null)
                await plugins.DisposeAsync().ConfigureAwait(false);
            loggers.Dispose();
            throw;
        }
    }

    /// <summary>Waits for Ctrl-C or SIGTERM.</summary>
    public Task WaitForStopAsync(CancellationToken cancellation)
    {
        TaskCompletionSource stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _app.Lifetime.ApplicationStopping.Register(() => stopping.TrySetResult());
        return stopping.Task.WaitAsync(cancellation);
    }

    /// <summary>Refuses new requests, lets those that run finish for a while, and ends everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
            return;
        // Marks the server as stopping for those who ask; it listens until the models are drained.
        _app.Lifetime.StopApplication();
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
        using (CancellationTokenSource deadline = new(DrainTime))
        {
            await Registry.DrainAsync(deadline.Token).ConfigureAwait(false);
            await _app.StopAsync(deadline.Token).ConfigureAwait(false);
        }
        await _loading.ConfigureAwait(false);
        await Registry.DisposeAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _engines.DisposeAsync().ConfigureAwait(false);
        _switches.Dispose();
        await Plugins.DisposeAsync().ConfigureAwait(false);
        // A plugin that does not come back holds the lanes that it runs on; the process ends without them.
        await Task.WhenAny(Task.Run(Team.Dispose), Task.Delay(LaneTime)).ConfigureAwait(false);
        _loggers.Dispose();
        _stopping.Dispose();
    }

    private static ILoggerFactory CreateLoggers(LogLevel level) => LoggerFactory.Create(logging =>
    {
        Logging.Configure(logging, level);
        // What these say with a stack trace is thrown too, and told in one line; requests that fail are logged by ErrorHandling.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.None);
    });

    private static WebApplication BuildApp(HostConfiguration configuration, LiveConfiguration live, ILoggerFactory loggers, PluginHost plugins, ModelRegistry registry, MetricsHub metrics, PluginSwitch switches)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = [] });
        builder.WebHost.UseUrls(Addresses(configuration));
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = JsonBody.MaxBytes;
        });
        // An event is sent by the thread that has made it: handing it to another takes a processor from the step once more.
        builder.Services.Configure<SocketTransportOptions>(o => o.UnsafePreferInlineScheduling = true);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = DrainTime + TimeSpan.FromSeconds(5));
        // Given as instances: the container disposes only what it has made, and a request's scope would dispose the registry with the request.
        builder.Services.AddSingleton(loggers).AddSingleton(plugins).AddSingleton(registry).AddSingleton(metrics).AddSingleton(configuration).AddSingleton(live).AddSingleton(switches).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ApiModels>().AddSingleton<CompletionServices>().AddSingleton<AdminGate>();
        WebApplication app = builder.Build();
        app.UseMiddleware<ErrorHandling>();
        OpenAiEndpoints.Map(app);
        EmbeddingEndpoints.Map(app);
        TokenizeEndpoints.Map(app);
        LoadModelEndpoint.Map(app);
        PluginEndpoints.Map(app);
        HealthEndpoints.Map(app);
        return app;
    }

    /// <summary>The administration addresses are of use only with a token: on the others, callers from this machine need none.</summary>
    private static string[] Addresses(HostConfiguration configuration) =>
        [.. configuration.Server.Urls, .. configuration.Admin.Token is null ? [] : configuration.Admin.Urls];

    private static async Task ListenAsync(WebApplication app, HostConfiguration configuration)
    {
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or FormatException or InvalidOperationException or SocketException)
        {
            throw new TesseraException($"cannot listen on {string.Join(", ", Addresses(configuration))}: {e.Message}", e);
        }
    }

    private async Task LoadAsync(ILogger log)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            await Registry.LoadAllAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        foreach (ServedModel model in Registry.Models)
        {
            using EngineLease? lease = model.TryAcquire();
            if (lease?.Composition.Source.Metadata.Description is { } description)
                log.LogInformation("model '{Name}': {Description}", model.Name, description);
        }
        log.LogInformation("{Ready} of {All} models ready after {Seconds:F1} s", Registry.Models.Count(m => m.State == ModelState.Ready), Registry.Models.Count, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
