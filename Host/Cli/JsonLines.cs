using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tessera.Host.Cli;

/// <summary>One JSON object a line in, one a line out, in the same order; a line that fails gives <c>{"error": …}</c> and the next one goes on.</summary>
internal static class JsonLines
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Answers every line of the input.</summary>
    /// <param name="input">The lines; empty ones are passed over.</param>
    /// <param name="output">Takes the answers, each flushed at once.</param>
    /// <param name="answer">Writes the members of one answer.</param>
    public static void Run(TextReader input, Stream output, Action<JsonElement, Utf8JsonWriter> answer)
    {
        ArrayBufferWriter<byte> buffer = new();
        while (input.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            buffer.Clear();
            try
            {
                using JsonDocument document = Parse(line);
                Write(buffer, w => answer(document.RootElement, w));
            }
            catch (Exception e)
            {
                buffer.Clear();
                Write(buffer, w => w.WriteString("error", e is JsonException ? $"not valid JSON: {e.Message}" : e.Message));
            }
            output.Write(buffer.WrittenSpan);
            output.WriteByte((byte)'\n');
            output.Flush();
        }
    }

    private static JsonDocument Parse(string line)
    {
        JsonDocument document = JsonDocument.Parse(line, Api.JsonBody.Options);
        try
        {
            Api.WholeStrings.Require(document.RootElement);
            return document;
        }
        catch (InvalidOperationException e)
        {
            document.Dispose();
            throw new JsonException(e.Message);
        }
    }

    private static void Write(ArrayBufferWriter<byte> buffer, Action<Utf8JsonWriter> members)
    {
        using Utf8JsonWriter writer = new(buffer, Options);
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    }

    /// <summary>Standard input as UTF-8 text without a limit on a line's length.</summary>
    public static TextReader StandardInput() => new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
}
