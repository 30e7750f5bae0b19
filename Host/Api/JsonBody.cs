using System.Text.Json;

namespace Tessera.Host.Api;

/// <summary>Reads a request's body as JSON, within limits of size and depth. Every string in it is whole Unicode, and no key stands twice in one object.</summary>
internal static class JsonBody
{
    /// <summary>The largest body, in bytes.</summary>
    public const long MaxBytes = 32L << 20;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The body; the caller disposes it.</summary>
    public static async Task<JsonDocument> ReadAsync(HttpContext http)
    {
        JsonDocument? document = null;
        try
        {
            document = await JsonDocument.ParseAsync(http.Request.Body, Options, http.RequestAborted).ConfigureAwait(false);
            RequireWholeStrings(document.RootElement, "");
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

    /// <summary>Refuses half surrogates and bytes that are not UTF-8, which the parser lets through and which fail wherever the string is read.</summary>
    private static void RequireWholeStrings(JsonElement element, string path)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                    RequireWholeStrings(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}");
                break;
            case JsonValueKind.Array:
                int i = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    // Long arrays are ids; only what can hold a string needs its path spelled out.
                    if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.String)
                        RequireWholeStrings(item, $"{path}[{i}]");
                    i++;
                }
                break;
            case JsonValueKind.String:
                try
                {
                    _ = element.GetString();
                }
                catch (InvalidOperationException)
                {
                    string field = path.Length == 0 ? "body" : path;
                    throw new ApiException(400, $"'{field}': expected valid Unicode, found half a character", field, "invalid_value");
                }
                break;
        }
    }
}
