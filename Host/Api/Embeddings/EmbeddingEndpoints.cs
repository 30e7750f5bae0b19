using System.Text.Json;
using Tessera.Engine.Embeddings;
using Tessera.Engine.Generation;
using Tessera.Host.Plugins;

namespace Tessera.Host.Api.Embeddings;

/// <summary><c>/v1/embeddings</c> and <c>/v1/rerank</c>.</summary>
internal static class EmbeddingEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/embeddings", EmbedAsync);
        routes.MapPost("/v1/rerank", RerankAsync);
    }

    private static async Task EmbedAsync(HttpContext http, ApiModels models)
    {
        using JsonDocument body = await JsonBody.ReadAsync(http).ConfigureAwait(false);
        using ModelUse use = models.Acquire(body.RootElement);
        EmbeddingRequest request = await use.CallAsync(model => Failure.Guard(() => EmbeddingRequest.Read(body.RootElement, model), e => e is ApiException)).ConfigureAwait(false);
        GenerationRequest[] texts = [.. request.Inputs.Select(ids => TextModel.Request(ids))];
        IReadOnlyList<float>[] vectors = await EngineDoor.PoolAsync(use, texts, http.RequestAborted).ConfigureAwait(false);
        float[][] embeddings = Array.ConvertAll(vectors, v => Vectors.Embedding(v, request.Dimensions, use.Model.Texts.Pooling.Normalizes));
        await EmbeddingWriter.WriteAsync(http, embeddings, request, use.Model.Name).ConfigureAwait(false);
    }

    private static async Task RerankAsync(HttpContext http, ApiModels models)
    {
        using JsonDocument body = await JsonBody.ReadAsync(http).ConfigureAwait(false);
        using ModelUse use = models.Acquire(body.RootElement);
        RerankRequest request = await use.CallAsync(model => Failure.Guard(() => RerankRequest.Read(body.RootElement, model), e => e is ApiException)).ConfigureAwait(false);
        GenerationRequest[] pairs = [.. request.Pairs.Select(use.Model.Texts.Request)];
        IReadOnlyList<float>[] scores = await EngineDoor.PoolAsync(use, pairs, http.RequestAborted).ConfigureAwait(false);
        double[] relevances = Array.ConvertAll(scores, s => Vectors.Relevance(s, use.Model.Texts.Pooling.Scores));
        await http.Response.WriteAsJsonAsync(request.Answer(relevances, use.Model.Name), ApiJson.Readable.RerankResponse, cancellationToken: http.RequestAborted).ConfigureAwait(false);
    }
}
