using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Host.Api;

/// <summary>Hands requests to an engine; what it answers to a request that it does not take becomes an error for the client.</summary>
internal static class EngineDoor
{
    /// <summary>Submits requests, all or none.</summary>
    /// <exception cref="ApiException">The queue is full, a request has a field that the engine does not take, or the engine is draining or has failed.</exception>
    public static IReadOnlyList<IReadOnlyList<GenerationStream>> Submit(ModelEngine engine, IReadOnlyList<GenerationRequest> requests)
    {
        try
        {
            return engine.Submit(requests);
        }
        catch (Exception e) when (e is RequestException or SamplingOptionsException)
        {
            throw new ApiException(400, $"the model does not take the request: {e.Message}", code: "invalid_value");
        }
        catch (QueueFullException e)
        {
            throw new ApiException(429, e.Message, code: "queue_full") { RetryAfter = 1 };
        }
        catch (EngineDrainingException e)
        {
            throw new ApiException(503, e.Message, code: "draining") { RetryAfter = 1 };
        }
        catch (EngineFaultedException e)
        {
            throw new ApiException(503, e.Message, code: "model_failed");
        }
    }

    /// <summary>The vectors of texts, computed together. Where one fails, or the client goes, the others end too.</summary>
    /// <param name="use">The composition; followed where another one takes the texts over.</param>
    /// <param name="requests">The texts.</param>
    /// <param name="cancellation">The client goes.</param>
    /// <exception cref="ApiException">The engine does not take the texts, or one fails.</exception>
    public static async Task<IReadOnlyList<float>[]> PoolAsync(ModelUse use, IReadOnlyList<GenerationRequest> requests, CancellationToken cancellation)
    {
        GenerationStream[] streams = [.. Submit(use.Engine, requests).Select(s => s[0])];
        try
        {
            IReadOnlyList<float>[] vectors = new IReadOnlyList<float>[streams.Length];
            for (int i = 0; i < streams.Length; i++)
            {
                Task ended = streams[i].WaitAsync(cancellation).AsTask();
                await use.FollowUntilAsync(ended).ConfigureAwait(false);
                await ended.ConfigureAwait(false);
                vectors[i] = streams[i].FinishReason switch
                {
                    FinishReason.Length => streams[i].Vector!,
                    FinishReason.Cancelled => throw new ApiException(503, "the computation was cancelled: the server is stopping", code: "cancelled"),
                    _ => throw new ApiException(500, streams[i].Error ?? "the computation failed", code: "computation_failed"),
                };
            }
            return vectors;
        }
        finally
        {
            foreach (GenerationStream stream in streams)
                stream.Cancel();
        }
    }
}
