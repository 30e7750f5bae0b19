using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Tessera.Host.Api;
using Tessera.Host.Api.OpenAi;

namespace Tessera.Host.Tests.Api;

public sealed class EventStreamTests
{
    public static TheoryData<string> Texts => ["a", "0", "1", "\"\\/\b\n\r\t\u0001", " größer 文字 🙂 <b>&'", "\uD83D", new string('x', 5000)];

    // Digits and quotes stand elsewhere, too.
    [Theory, MemberData(nameof(Texts))]
    public Task A_completion_s_event_of_a_template_is_the_value_s(string text) =>
        IsTheSame(part => new TextCompletion("cmpl-0011", "text_completion", 10, "a \"0\" and a 1", [new TextChoice(1, part)], "fp_01"), ApiJson.Readable.TextCompletion, text);

    [Theory, MemberData(nameof(Texts))]
    public Task A_chat_s_event_of_a_template_is_the_value_s(string text) =>
        IsTheSame(part => new ChatChunk("chatcmpl-01", "chat.completion.chunk", 101, "0", [new ChatChunkChoice(1, new ChatDelta { Content = part })], "fp_10"), ApiJson.Readable.ChatChunk, text);

    private static async Task IsTheSame<T>(Func<string, T> value, JsonTypeInfo<T> type, string text)
    {
        using MemoryStream body = new();
        DefaultHttpContext http = new() { Response = { Body = body } };
        using (EventStream events = new(http, TimeSpan.FromMinutes(1)))
        {
            EventTemplate template = EventTemplate.Of(value, type);
            await events.WriteAsync(value(text), type);
            await events.WriteAsync(template, text);
            await events.DoneAsync();
        }
        string[] all = Encoding.UTF8.GetString(body.ToArray()).Split("\n\n");
        Assert.Equal(4, all.Length);
        Assert.StartsWith("data: {", all[0], StringComparison.Ordinal);
        Assert.Equal(all[0], all[1]);
        Assert.Equal("data: [DONE]", all[2]);
        Assert.Empty(all[3]);
    }
}
