using System.Text.Json;

namespace Tessera.Host.Api;

/// <summary>Reads a request's body as JSON, within limits of size and depth.</summary>
internal static class JsonBody
{
    /// <summary>The largest body, in bytes.</summary>
    public const long MaxBytes = 32L << 20;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>The body; the caller disposes it.</summary>
    public static async Task<JsonDocument> ReadAsync(HttpContext http)
    {
        try
        {
            return await JsonDocument.ParseAsync(http.Request.Body, Options, http.RequestAborted).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            throw new ApiException(400, $"the body is not valid JSON: {e.Message}", code: "invalid_json");
        }
        catch (BadHttpRequestException e)
        {
            throw new ApiException(e.StatusCode, e.StatusCode == 413 ? $"the body is larger than {MaxBytes >> 20} MiB" : e.Message);
        }
    }
}
