using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Tessera.Host.Models;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Api.Admin;

/// <summary>One package of a plugin, or one loaded generation of it.</summary>
internal sealed record PluginLine(string Id, string Version, string Hash, string State)
{
    /// <summary>Counts what this process has loaded; null where it is not loaded.</summary>
    public int? Generation { get; init; }

    /// <summary>True while it has still to prove itself.</summary>
    public bool? Probation { get; init; }

    /// <summary>Who vouches for it; null where it is not loaded.</summary>
    public string? Voucher { get; init; }

    /// <summary>How many compositions use it; null where it is not loaded.</summary>
    public int? Leases { get; init; }

    /// <summary>What holds it, where it leaks.</summary>
    public string? Leak { get; init; }

    /// <summary>Why it is quarantined.</summary>
    public string? Reason { get; init; }
}

/// <summary>All packages and generations.</summary>
internal sealed record PluginsResponse(IReadOnlyList<PluginLine> Plugins);

/// <summary>A package was installed.</summary>
internal sealed record InstalledResponse(string Id, string Version, string Hash);

/// <summary>A plugin was switched.</summary>
internal sealed record SwitchedResponse(string Status, IReadOnlyList<string> Models);

/// <summary><c>/admin/plugins</c>: what is loaded and stored, and the ways to change it while models are served.</summary>
internal static class PluginEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/plugins", ListAsync);
        routes.MapPost("/admin/plugins/install", InstallAsync);
        routes.MapPost("/admin/plugins/activate", (HttpContext http, AdminGate gate, PluginSwitch plugins, ILogger<PluginSwitch> log) =>
            ChangeAsync(http, gate, log, "activate", async name => new SwitchedResponse("active", await plugins.ActivateAsync(name).ConfigureAwait(false))));
        routes.MapPost("/admin/plugins/rollback", (HttpContext http, AdminGate gate, PluginSwitch plugins, ILogger<PluginSwitch> log) =>
            ChangeAsync(http, gate, log, "rollback", async name => new SwitchedResponse("active", await plugins.RollBackAsync(name).ConfigureAwait(false))));
        routes.MapPost("/admin/plugins/remove", (HttpContext http, AdminGate gate, PluginSwitch plugins, ILogger<PluginSwitch> log) =>
            ChangeAsync(http, gate, log, "remove", async name =>
            {
                await plugins.RemoveAsync(name).ConfigureAwait(false);
                return new SwitchedResponse("removed", []);
            }));
    }

    private static Task ListAsync(HttpContext http, AdminGate gate, PluginHost plugins, PluginSwitch store)
    {
        gate.Require(http);
        StoreState state = store.Store.Read();
        List<PluginLine> lines = [.. plugins.Generations.Concat(plugins.Retired).Select(g => Line(g, store) with { Reason = Reason(state, g.Id, g.Stored) }), .. plugins.Hung.Select(h => new PluginLine(h.Id, h.Version.Version, h.Version.Hash, "stuck") { Reason = "loading it has not come back" })];
        foreach (StoredPackage stored in store.Store.List())
            if (!lines.Exists(l => l.Id == stored.Id && l.Hash == stored.Version.Hash))
            {
                PluginRecord record = state.Of(stored.Id);
                string? reason = Reason(state, stored.Id, stored.Version);
                GenerationState stage = reason is not null ? GenerationState.Quarantined : record.Pending == stored.Version && record.PendingState is { } pending ? pending : GenerationState.Staged;
                lines.Add(new PluginLine(stored.Id, stored.Version.Version, stored.Version.Hash, Word(stage)) { Reason = reason });
            }
        return http.Response.WriteAsJsonAsync(new PluginsResponse(lines), ApiJson.Readable.PluginsResponse, cancellationToken: http.RequestAborted);
    }

    private static PluginLine Line(PluginGeneration generation, PluginSwitch plugins) => new(generation.Id, generation.Version, generation.Stored.Hash, Word(generation.State))
    {
        Generation = generation.Number,
        Probation = plugins.IsOnProbation(generation) ? true : null,
        Voucher = generation.Voucher,
        Leases = generation.Leases,
        Leak = generation.Leak,
    };

    private static string? Reason(StoreState state, string id, StoredVersion version) => state.Of(id).Quarantined.FirstOrDefault(q => q.Package == version)?.Reason;

    private static string Word(GenerationState state) => state.ToString().ToLowerInvariant();

    /// <summary>The body is a package.</summary>
    private static async Task InstallAsync(HttpContext http, AdminGate gate, PluginSwitch plugins, ILogger<PluginSwitch> log)
    {
        gate.Require(http);
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = PackageContent.MaxBytes;
        string path = Path.Combine(Path.GetTempPath(), $"tessera-{Guid.NewGuid():N}{PackageArchive.Extension}");
        try
        {
            using (FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous }))
                await http.Request.Body.CopyToAsync(file, http.RequestAborted).ConfigureAwait(false);
            StoredPackage stored = await Task.Run(() => plugins.Install(path)).ConfigureAwait(false);
            Audit(http, log, "install", stored.ToString(), "done");
            await http.Response.WriteAsJsonAsync(new InstalledResponse(stored.Id, stored.Version.Version, stored.Version.Hash), ApiJson.Readable.InstalledResponse, cancellationToken: http.RequestAborted).ConfigureAwait(false);
        }
        catch (PluginException e)
        {
            throw Refused(http, log, "install", "a package", e.Message.Replace(path, "the body", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The body names a plugin or a package.</summary>
    private static async Task ChangeAsync(HttpContext http, AdminGate gate, ILogger log, string action, Func<string, Task<SwitchedResponse>> change)
    {
        gate.Require(http);
        using JsonDocument body = await JsonBody.ReadAsync(http).ConfigureAwait(false);
        string name = new FieldReader(body.RootElement).String("plugin") ?? throw ApiException.Invalid("plugin", "id, id@version or id@version@hash", "nothing");
        try
        {
            // A caller that goes away does not stop the switch.
            SwitchedResponse response = await change(name).ConfigureAwait(false);
            Audit(http, log, action, name, "done");
            await http.Response.WriteAsJsonAsync(response, ApiJson.Readable.SwitchedResponse, cancellationToken: http.RequestAborted).ConfigureAwait(false);
        }
        catch (TesseraException e)
        {
            throw Refused(http, log, action, name, e.Message);
        }
    }

    private static ApiException Refused(HttpContext http, ILogger log, string action, string what, string reason)
    {
        Audit(http, log, action, what, reason);
        return new ApiException(409, reason, "plugin", "refused");
    }

    private static void Audit(HttpContext http, ILogger log, string action, string what, string result) =>
        log.LogInformation("admin {Remote}: {Action} {What}: {Result}", http.Connection.RemoteIpAddress, action, what, result);
}
