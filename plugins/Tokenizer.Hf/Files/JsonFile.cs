using System.Text.Json;

namespace Tessera.Tokenizer.Hf.Files;

/// <summary>A JSON file of which the root is an object.</summary>
internal sealed class JsonFile : IDisposable
{
    private const int DeepestNesting = 64;
    private const int LargestFile = 256 << 20;

    private readonly JsonDocument _document;

    private JsonFile(JsonDocument document, string name) => (_document, Root) = (document, new JsonPart(document.RootElement, name, ""));

    /// <summary>The object.</summary>
    public JsonPart Root { get; }

    /// <summary>Parses a file.</summary>
    /// <exception cref="ModelFormatException">It is no JSON, or nests too deep.</exception>
    public static JsonFile Parse(byte[] bytes, string name)
    {
        if (bytes.Length > LargestFile)
            throw new ModelFormatException($"{name}: {bytes.Length} bytes, at most {LargestFile} are read");
        ReadOnlyMemory<byte> text = bytes;
        if (text.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            text = text[3..];
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = DeepestNesting });
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"{name}: not JSON: {e.Message}", e);
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return new JsonFile(document, name);
        JsonValueKind found = document.RootElement.ValueKind;
        document.Dispose();
        throw new ModelFormatException($"{name}: expected an object, found {found}");
    }

    /// <inheritdoc/>
    public void Dispose() => _document.Dispose();
}
