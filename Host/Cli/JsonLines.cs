using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tessera.Host.Cli;

/// <summary>One JSON object a line in, one a line out, in the same order; a line that fails gives <c>{"error": …}</c> with its number and the next one goes on.</summary>
internal static class JsonLines
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Answers every line of the input.</summary>
    /// <param name="input">The lines; empty ones are passed over, and count.</param>
    /// <param name="output">Takes the answers, each flushed at once.</param>
    /// <param name="answer">Writes the members of one answer.</param>
    /// <returns>How many lines failed, and the first of their errors.</returns>
    public static (int Count, string? First) Run(TextReader input, Stream output, Action<JsonElement, Utf8JsonWriter> answer)
    {
        ArrayBufferWriter<byte> buffer = new();
        int failed = 0;
        string? first = null;
        for (int number = 1; input.ReadLine() is { } line; number++)
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
                string error = $"line {number}: {(e is JsonException broken ? NotJson(broken) : e.Message)}";
                failed++;
                first ??= error;
                buffer.Clear();
                Write(buffer, w => w.WriteString("error", error));
            }
            output.Write(buffer.WrittenSpan);
            output.WriteByte((byte)'\n');
            output.Flush();
        }
        return (failed, first);
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

    // The reader counts lines too, from 0 and only this one.
    private static string NotJson(JsonException e)
    {
        int place = e.Message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return $"not valid JSON: {(place < 0 ? e.Message : e.Message[..place])}{(e.BytePositionInLine is { } at ? $" (byte {at + 1})" : "")}";
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
