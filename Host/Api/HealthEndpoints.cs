using Tessera.Engine;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Host.Api;

/// <summary>A state in one word.</summary>
internal sealed record StatusResponse(string Status)
{
    /// <summary>Each model's state, with what went wrong.</summary>
    public IReadOnlyDictionary<string, string>? Models { get; init; }
}

/// <summary><c>/health</c>, <c>/ready</c> and <c>/metrics</c>.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", (HttpContext http) => http.Response.WriteAsJsonAsync(new StatusResponse("ok"), ApiJson.Readable.StatusResponse, cancellationToken: http.RequestAborted));
        routes.MapGet("/ready", Ready);
        routes.MapGet("/metrics", MetricsAsync);
    }

    private static Task Ready(HttpContext http, ModelRegistry registry, IHostApplicationLifetime lifetime)
    {
        bool stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        bool ready = !stopping && registry.Models.All(m => m.State == ModelState.Ready && !IsFaulted(m));
        http.Response.StatusCode = ready ? 200 : 503;
        return http.Response.WriteAsJsonAsync(new StatusResponse(ready ? "ready" : stopping ? "stopping" : "not ready")
        {
            Models = registry.Models.ToDictionary(m => m.Name, State),
        }, ApiJson.Readable.StatusResponse, cancellationToken: http.RequestAborted);
    }

    /// <summary>A model's state; what went wrong; and, where it runs on another backend than the one that was wanted first, why.</summary>
    private static string State(ServedModel model)
    {
        string state = model.State.ToString().ToLowerInvariant();
        if (model.Error is not null)
            return $"{state}: {model.Error}";
        using EngineLease? lease = model.TryAcquire();
        return lease?.Composition.Refusals is { Count: > 0 } refusals ? $"{state}, on another backend than the first: {string.Join("; ", refusals)}" : state;
    }

    private static bool IsFaulted(ServedModel model)
    {
        using EngineLease? lease = model.TryAcquire();
        return lease?.Engine is { Faulted: not null, IsHeld: false };
    }

    private static async Task MetricsAsync(HttpContext http, ModelRegistry registry, PluginHost plugins, MetricsHub metrics)
    {
        metrics.LifeCycle.Look(plugins, registry);
        foreach (ServedModel model in registry.Models)
        {
            using EngineLease? lease = model.TryAcquire();
            EngineLoad load = lease?.Engine.Load ?? default;
            metrics.Waiting.WithLabels(model.Name).Set(load.Waiting);
            metrics.Running.WithLabels(model.Name).Set(load.Running);
            metrics.KvUsed.WithLabels(model.Name).Set(load.BlocksUsed);
            metrics.KvCached.WithLabels(model.Name).Set(load.BlocksCached);
            metrics.KvCapacity.WithLabels(model.Name).Set(load.BlocksCapacity);
            if (lease?.Engine.Speculation is { } speculation)
                metrics.Speculation.Set(model.Name, speculation);
            else
                metrics.Speculation.Clear(model.Name);
        }
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await metrics.Registry.CollectAndExportAsTextAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
    }
}
