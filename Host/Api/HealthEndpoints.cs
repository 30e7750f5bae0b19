using Tessera.Engine;
using Tessera.Host.Models;

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
            Models = registry.Models.ToDictionary(m => m.Name, m => m.Error is null ? m.State.ToString().ToLowerInvariant() : $"{m.State.ToString().ToLowerInvariant()}: {m.Error}"),
        }, ApiJson.Readable.StatusResponse, cancellationToken: http.RequestAborted);
    }

    private static bool IsFaulted(ServedModel model)
    {
        using EngineLease? lease = model.TryAcquire();
        return lease?.Engine.Faulted is not null;
    }

    private static async Task MetricsAsync(HttpContext http, ModelRegistry registry, MetricsHub metrics)
    {
        foreach (ServedModel model in registry.Models)
        {
            using EngineLease? lease = model.TryAcquire();
            EngineLoad load = lease?.Engine.Load ?? default;
            metrics.Waiting.WithLabels(model.Name).Set(load.Waiting);
            metrics.Running.WithLabels(model.Name).Set(load.Running);
            metrics.KvUsed.WithLabels(model.Name).Set(load.BlocksUsed);
            metrics.KvCached.WithLabels(model.Name).Set(load.BlocksCached);
            metrics.KvCapacity.WithLabels(model.Name).Set(load.BlocksCapacity);
        }
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await metrics.Registry.CollectAndExportAsTextAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
    }
}
