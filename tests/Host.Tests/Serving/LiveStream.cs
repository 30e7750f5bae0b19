using System.Text;
using System.Text.Json;

namespace Tessera.Host.Tests.Serving;

/// <summary>Reads a stream of text completions event by event.</summary>
internal sealed class LiveStream(HttpResponseMessage response)
{
    private readonly StringBuilder _text = new();
    private int _length;

    /// <summary>Characters read so far.</summary>
    public int Length => Volatile.Read(ref _length);

    /// <summary>Reads to the end; the text.</summary>
    public async Task<string> ReadAsync()
    {
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line == "data: [DONE]")
                return _text.ToString();
            if (line.Length == 0)
                continue;
            using JsonDocument data = JsonDocument.Parse(line["data: ".Length..]);
            Assert.False(data.RootElement.TryGetProperty("error", out JsonElement error), error.ToString());
            _text.Append(data.RootElement.GetProperty("choices")[0].GetProperty("text").GetString());
            Volatile.Write(ref _length, _text.Length);
        }
        throw new EndOfStreamException("the stream ended without [DONE]");
    }
}
