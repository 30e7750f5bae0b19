using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tessera.Host.Api.Embeddings;

/// <summary>Writes the answer of <c>/v1/embeddings</c> piece by piece: it may hold millions of numbers.</summary>
internal static class EmbeddingWriter
{
    private const int FlushBytes = 64 << 10;

    public static async Task WriteAsync(HttpContext http, float[][] embeddings, EmbeddingRequest request, string model)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        Utf8JsonWriter json = new(http.Response.BodyWriter, new JsonWriterOptions { SkipValidation = true });
        await using (json.ConfigureAwait(false))
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            for (int i = 0; i < embeddings.Length; i++)
            {
                json.WriteStartObject();
                json.WriteString("object", "embedding");
                json.WriteNumber("index", i);
                Vector(json, embeddings[i], request.Base64);
                json.WriteEndObject();
                if (json.BytesPending >= FlushBytes)
                    await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
            }
            json.WriteEndArray();
            json.WriteString("model", model);
            int tokens = request.Inputs.Sum(ids => ids.Length);
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", tokens);
            json.WriteNumber("total_tokens", tokens);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void Vector(Utf8JsonWriter json, float[] embedding, bool base64)
    {
        if (base64)
        {
            // The machines that Tessera runs on are little-endian.
            json.WriteBase64String("embedding", MemoryMarshal.AsBytes<float>(embedding));
            return;
        }
        json.WriteStartArray("embedding");
        foreach (float value in embedding)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
