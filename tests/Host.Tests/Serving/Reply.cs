using System.Text;
using System.Text.Json;

namespace Tessera.Host.Tests.Serving;

/// <summary>A whole answer.</summary>
internal sealed record Reply(int Status, JsonElement Json, string Text, HttpResponseMessage Response)
{
    public static async Task<Reply> ReadAsync(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        JsonElement json = default;
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            using JsonDocument document = JsonDocument.Parse(text);
            json = document.RootElement.Clone();
        }
        return new((int)response.StatusCode, json, text, response);
    }

    /// <summary>This, if it is a 200.</summary>
    public Reply Ok()
    {
        Assert.True(Status == 200, $"{Status}: {Text}");
        return this;
    }

    public JsonElement Choice(int index = 0) => Json.GetProperty("choices")[index];

    /// <summary>A choice's text, of either kind of completion.</summary>
    public string Content(int index = 0) => Choice(index).TryGetProperty("message", out JsonElement message) ? message.GetProperty("content").GetString()! : Choice(index).GetProperty("text").GetString()!;

    public string? FinishReason => Choice().GetProperty("finish_reason").GetString();

    public JsonElement Usage => Json.GetProperty("usage");

    public int Cached => Usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();

    /// <summary>Checks OpenAI's error shape.</summary>
    public Reply Error(int status, string? parameter, string? text = null)
    {
        Assert.True(Status == status, $"expected {status}, found {Status}: {Text}");
        JsonElement error = Json.GetProperty("error");
        Assert.False(string.IsNullOrEmpty(error.GetProperty("message").GetString()));
        Assert.False(string.IsNullOrEmpty(error.GetProperty("type").GetString()));
        Assert.Equal(parameter, error.GetProperty("param").GetString());
        Assert.True(error.TryGetProperty("code", out _));
        if (text is not null)
            Assert.Contains(text, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        return this;
    }
}

/// <summary>The events of a stream, their framing checked byte by byte.</summary>
internal sealed record EventLog(IReadOnlyList<JsonElement> Events, bool Done)
{
    public static EventLog Parse(byte[] bytes)
    {
        // Throws where a character is split or broken.
        string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        List<JsonElement> events = [];
        bool done = false;
        foreach (string frame in text[..^2].Split("\n\n"))
        {
            Assert.False(done, "an event after [DONE]");
            Assert.StartsWith("data: ", frame, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', frame);
            Assert.DoesNotContain('\r', frame);
            if (frame == "data: [DONE]")
                done = true;
            else
                using (JsonDocument document = JsonDocument.Parse(frame[6..]))
                    events.Add(document.RootElement.Clone());
        }
        return new(events, done);
    }

    public IEnumerable<JsonElement> Choices(int index = 0) => Events.Where(e => e.TryGetProperty("choices", out _)).SelectMany(e => e.GetProperty("choices").EnumerateArray()).Where(c => c.GetProperty("index").GetInt32() == index);

    /// <summary>The deltas of a choice, of either kind of completion.</summary>
    public IEnumerable<string> Deltas(int index = 0) => Choices(index).Select(c =>
        c.TryGetProperty("delta", out JsonElement delta) ? delta.TryGetProperty("content", out JsonElement content) ? content.GetString()! : "" : c.GetProperty("text").GetString()!);

    public string Text(int index = 0) => string.Concat(Deltas(index));

    public string? FinishReason(int index = 0) => Choices(index).Select(c => c.GetProperty("finish_reason").GetString()).Single(r => r is not null);
}
