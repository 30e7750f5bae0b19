using System.Net;
using System.Text.Json;
using Tessera.Engine;
using Tessera.Host.Configuration;
using Tessera.Host.Models;

namespace Tessera.Host.Api;

/// <summary>A model was loaded again.</summary>
internal sealed record LoadModelResponse(string Model, string Status, int Generation);

/// <summary><c>POST /v1/load_model</c>: builds a configured model anew while the old composition serves, and swaps them.</summary>
internal static class LoadModelEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/load_model", LoadAsync);

    private static async Task LoadAsync(HttpContext http, ModelRegistry registry, HostConfiguration configuration)
    {
        if (!IsAllowed(http.Connection.RemoteIpAddress, http.Request.Headers, configuration.Admin.Token))
            throw new ApiException(403, "loading a model is for callers on this machine, or with the admin token (admin.token)", code: "forbidden");
        using JsonDocument body = await JsonBody.ReadAsync(http).ConfigureAwait(false);
        string name = new FieldReader(body.RootElement).String("model") ?? throw ApiException.Invalid("model", "a configured model's name", "nothing");
        ServedModel model = registry.Find(name)
            ?? throw new ApiException(404, $"model '{name}' is not configured; configured are {string.Join(", ", registry.Models.Select(m => m.Name).DefaultIfEmpty("none"))}", "model", "model_not_found");
        try
        {
            // A caller that goes away does not stop the swap.
            await model.LoadAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (EngineDrainingException)
        {
            throw new ApiException(503, "the server is stopping", code: "stopping");
        }
        catch (TesseraException e)
        {
            throw new ApiException(500, $"model '{name}' was not loaded{(model.State == ModelState.Ready ? "; the old one serves on" : "")}: {e.Message}", "model", "load_failed");
        }
        await http.Response.WriteAsJsonAsync(new LoadModelResponse(name, "ready", model.Generation), ApiJson.Readable.LoadModelResponse, cancellationToken: http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Lets callers from this machine in, and those with the admin token. A page in a browser on this machine is no such caller, as it cannot leave its Origin out; nor is who comes by way of a proxy.</summary>
    internal static bool IsAllowed(IPAddress? from, IHeaderDictionary headers, Secret? token)
    {
        const string Bearer = "Bearer ";
        string header = headers.Authorization.ToString();
        if (token is not null && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && token.Matches(header[Bearer.Length..].Trim()))
            return true;
        return from is not null && IPAddress.IsLoopback(from) && !headers.ContainsKey("Origin") && !headers.ContainsKey("X-Forwarded-For") && !headers.ContainsKey("Forwarded");
    }
}
