using System.Reflection;
using System.Text.Json;
using Tessera.Host.Configuration;

namespace Tessera.Host.Api.OpenAi;

/// <summary><c>/v1/chat/completions</c>, <c>/v1/completions</c> and <c>/v1/models</c>.</summary>
internal static class OpenAiEndpoints
{
    private static readonly string Fingerprint = $"tessera-{Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/chat/completions", (HttpContext http, CompletionServices services) => CompleteAsync(http, services, chat: true));
        routes.MapPost("/v1/completions", (HttpContext http, CompletionServices services) => CompleteAsync(http, services, chat: false));
        routes.MapGet("/v1/models", (HttpContext http, ApiModels models) =>
            http.Response.WriteAsJsonAsync(new ModelList("list", models.Cards), ApiJson.Readable.ModelList, cancellationToken: http.RequestAborted));
        routes.MapGet("/v1/models/{**name}", (HttpContext http, ApiModels models, string name) =>
            http.Response.WriteAsJsonAsync(models.Card(name), ApiJson.Readable.ModelCard, cancellationToken: http.RequestAborted));
    }

    private static async Task CompleteAsync(HttpContext http, CompletionServices services, bool chat)
    {
        using JsonDocument body = await JsonBody.ReadAsync(http).ConfigureAwait(false);
        using ModelUse use = services.Models.Acquire(body.RootElement);
        use.Model.RequireGeneration();
        DateTimeOffset now = services.Time.GetLocalNow();
        CompletionJob job = await use.CallAsync(model => chat
            ? ChatCompletionRequest.Read(body.RootElement, model, now.DateTime)
            : TextCompletionRequest.Read(body.RootElement, model)).ConfigureAwait(false);
        IAnswerShape shape = chat
            ? new ChatShape(now.ToUnixTimeSeconds(), Fingerprint)
            : new TextShape(now.ToUnixTimeSeconds(), Fingerprint);
        await CompletionRunner.RunAsync(http, use, job, shape, services.Configuration.Current.Server.SlowReaderTimeout, services.Log).ConfigureAwait(false);
    }
}

/// <summary>What completions need beside the request.</summary>
internal sealed record CompletionServices(ApiModels Models, LiveConfiguration Configuration, TimeProvider Time, ILogger<CompletionServices> Log);
