using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <content>What it makes of texts with an encoder's file.</content>
internal sealed partial class PeerServer
{
    /// <summary>Starts it for embeddings, pooled as the file says.</summary>
    public static Task<PeerServer> StartEmbeddingAsync(string model, int context) => StartAsync(model, context, "--embedding");

    /// <summary>Starts it for scores.</summary>
    public static Task<PeerServer> StartRerankingAsync(string model, int context) => StartAsync(model, context, "--reranking");

    /// <summary>The embedding of ids, of length 1.</summary>
    public async Task<float[]> EmbedAsync(int[] ids)
    {
        JsonObject body = new() { ["input"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]), ["encoding_format"] = "float" };
        JsonElement answer = await PostAsync("/v1/embeddings", body).ConfigureAwait(false);
        return [.. answer.GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle())];
    }

    /// <summary>The scores of documents for a query, in the documents' order.</summary>
    public async Task<float[]> ScoreAsync(string query, IReadOnlyList<string> documents)
    {
        JsonObject body = new() { ["query"] = query, ["documents"] = new JsonArray([.. documents.Select(d => (JsonNode)d)]) };
        JsonElement answer = await PostAsync("/v1/rerank", body).ConfigureAwait(false);
        float[] scores = new float[documents.Count];
        foreach (JsonElement result in answer.GetProperty("results").EnumerateArray())
            scores[result.GetProperty("index").GetInt32()] = result.GetProperty("relevance_score").GetSingle();
        return scores;
    }
}
