using System.Text.Json;
using Tessera.Host.Plugins;

namespace Tessera.Host.Api;

/// <summary><c>/tokenize</c> and <c>/detokenize</c>.</summary>
internal static class TokenizeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync);
        routes.MapPost("/detokenize", DetokenizeAsync);
    }

    private static async Task TokenizeAsync(HttpContext http, ApiModels models)
    {
        using JsonDocument body = await JsonBody.ReadAsync(http).ConfigureAwait(false);
        using ModelUse use = models.Acquire(body.RootElement);
        (TokenizeResponse? ids, TokenizePiecesResponse? pieces) = await use.CallAsync(model => Failure.Guard(() => TokenizeRequests.Tokenize(body.RootElement, model.Tokenizer), e => e is ApiException)).ConfigureAwait(false);
        await (ids is not null
            ? http.Response.WriteAsJsonAsync(ids, ApiJson.Readable.TokenizeResponse, cancellationToken: http.RequestAborted)
            : http.Response.WriteAsJsonAsync(pieces!, ApiJson.Readable.TokenizePiecesResponse, cancellationToken: http.RequestAborted)).ConfigureAwait(false);
    }

    private static async Task DetokenizeAsync(HttpContext http, ApiModels models)
    {
        using JsonDocument body = await JsonBody.ReadAsync(http).ConfigureAwait(false);
        using ModelUse use = models.Acquire(body.RootElement);
        DetokenizeResponse response = await use.CallAsync(model => Failure.Guard(() => TokenizeRequests.Detokenize(body.RootElement, model.Tokenizer), e => e is ApiException)).ConfigureAwait(false);
        await http.Response.WriteAsJsonAsync(response, ApiJson.Readable.DetokenizeResponse, cancellationToken: http.RequestAborted).ConfigureAwait(false);
    }
}
