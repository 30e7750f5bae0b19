using System.Text.Json;

namespace Tessera.Host.Api;

/// <summary>Reads a request's body as JSON, within limits of size and depth. Every string in it is whole Unicode, and no key stands twice in one object.</summary>
internal static class JsonBody
{
    /// <summary>The largest body, in bytes.</summary>
    public const long MaxBytes = 32L << 20;

    /// <summary>How every JSON text from outside is parsed.</summary>
    public static JsonDocumentOptions Options { get; } = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The body; the caller disposes it.</summary>
    public static async Task<JsonDocument> ReadAsync(HttpContext http)
    {
        JsonDocument? document = null;
        try
        {
            document = await JsonDocument.ParseAsync(http.Request.Body, Options, http.RequestAborted).ConfigureAwait(false);
            WholeStrings.Require(document.RootElement);
            return document;
        }
        catch (Exception e)
        {
            document?.Dispose();
            throw e switch
            {
                JsonException => new ApiException(400, $"the body is not valid JSON: {e.Message}", code: "invalid_json"),
                // The parser looks into names, and finds half characters there, while it looks for duplicates.
                InvalidOperationException => new ApiException(400, "the body is not valid JSON: a name is not valid Unicode", code: "invalid_json"),
                BadHttpRequestException { StatusCode: 413 } => new ApiException(413, $"the body is larger than {MaxBytes >> 20} MiB", code: "body_too_large"),
                _ => e,
            };
        }
    }
}
