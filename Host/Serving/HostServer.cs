using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Tessera.Host.Api;
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

    private readonly WebApplication _app;
    private readonly ILoggerFactory _loggers;
    private readonly PluginHost _plugins;
    private readonly WorkTeam _team;
    private readonly Task _loading;
    private int _stopped;

    private HostServer(WebApplication app, ILoggerFactory loggers, PluginHost plugins, WorkTeam team, ModelRegistry registry, Task loading) =>
        (_app, _loggers, _plugins, _team, Registry, _loading) = (app, loggers, plugins, team, registry, loading);

    /// <summary>The models.</summary>
    public ModelRegistry Registry { get; }

    /// <summary>The addresses that are listened on.</summary>
    public IReadOnlyList<string> Urls => [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Completes when every model is loaded or has failed.</summary>
    public Task Loading => _loading;

    /// <summary>Loads the plugins, starts to listen and begins to load the models.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="packages">The folder with the record of first-party packages: the executable's.</param>
    /// <param name="level">The least level that is logged.</param>
    /// <param name="progress">Told about reading large files, or null.</param>
    public static async Task<HostServer> StartAsync(HostConfiguration configuration, string packages, LogLevel level, FileProgress? progress = null)
    {
        ILoggerFactory loggers = LoggerFactory.Create(b => Logging.Configure(b, level));
        MetricsHub metrics = new();
        PluginHost? plugins = null;
        WorkTeam? team = null;
        ModelRegistry? registry = null;
        WebApplication? app = null;
        try
        {
            plugins = PluginHost.Load(configuration.Plugins, TrustedFiles.Read(packages), loggers);
            team = WorkTeam.Create(configuration.Engine.Threads);
            CompositionBuilder compositions = new(configuration, plugins, team, KvBudget.Create(configuration), loggers);
            registry = new ModelRegistry(configuration, compositions, TimeProvider.System, loggers, metrics.For, progress);
            app = Build(configuration, level, registry, metrics);
            await app.StartAsync().ConfigureAwait(false);
            return new HostServer(app, loggers, plugins, team, registry, LoadAsync(registry, loggers.CreateLogger<HostServer>()));
        }
        catch
        {
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
        _app.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        return stopping.Task.WaitAsync(cancellation);
    }

    /// <summary>Refuses new requests, lets those that run finish for a while, and ends everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
            return;
        using (CancellationTokenSource deadline = new(DrainTime))
        {
            await Registry.DrainAsync(deadline.Token).ConfigureAwait(false);
            await _app.StopAsync(deadline.Token).ConfigureAwait(false);
        }
        await _loading.ConfigureAwait(false);
        await Registry.DisposeAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _team.Dispose();
        await _plugins.DisposeAsync().ConfigureAwait(false);
        _loggers.Dispose();
    }

    private static WebApplication Build(HostConfiguration configuration, LogLevel level, ModelRegistry registry, MetricsHub metrics)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = [] });
        Logging.Configure(builder.Logging, level);
        builder.WebHost.UseUrls([.. configuration.Server.Urls, .. configuration.Admin.Token is null ? [] : configuration.Admin.Urls]);
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = JsonBody.MaxBytes;
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = DrainTime + TimeSpan.FromSeconds(5));
        // Instances: the container does not dispose what it did not make.
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(configuration);
        builder.Services.AddSingleton(registry);
        builder.Services.AddSingleton(metrics);
        builder.Services.AddSingleton<ApiModels>();
        WebApplication app = builder.Build();
        app.UseMiddleware<ErrorHandling>();
        OpenAiEndpoints.Map(app);
        TokenizeEndpoints.Map(app);
        LoadModelEndpoint.Map(app);
        HealthEndpoints.Map(app);
        return app;
    }

    private static async Task LoadAsync(ModelRegistry registry, ILogger log)
    {
        long start = Stopwatch.GetTimestamp();
        await registry.LoadAllAsync(CancellationToken.None).ConfigureAwait(false);
        foreach (ServedModel model in registry.Models)
        {
            using EngineLease? lease = model.TryAcquire();
            if (lease?.Composition.Source.Metadata.Description is { } description)
                log.LogInformation("model '{Name}': {Description}", model.Name, description);
        }
        log.LogInformation("{Ready} of {All} models ready after {Seconds:F1} s", registry.Models.Count(m => m.State == ModelState.Ready), registry.Models.Count, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
