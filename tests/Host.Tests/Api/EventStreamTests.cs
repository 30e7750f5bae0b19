using System.Text;
using Microsoft.AspNetCore.Http;
using Tessera.Host.Api;
using Tessera.Host.Api.OpenAi;

namespace Tessera.Host.Tests.Api;

public sealed class EventStreamTests
{
    public static TheoryData<string> Texts => ["a", "0", "1", "\"\\/\b\n\r\t\u0001", " größer 文字 🙂 <b>&'", "\uD83D", new string('x', 5000)];

    [Theory, MemberData(nameof(Texts))]
    public async Task An_event_of_a_template_is_the_value_s(string text)
    {
        // Digits and quotes stand elsewhere, too.
        TextCompletion Value(string part) => new("cmpl-0011", "text_completion", 10, "a \"0\" and a 1", [new TextChoice(1, part)], "fp_01");
        using MemoryStream body = new();
        DefaultHttpContext http = new() { Response = { Body = body } };
        using (EventStream events = new(http, TimeSpan.FromMinutes(1)))
        {
            EventTemplate template = EventTemplate.Of(Value, ApiJson.Readable.TextCompletion);
            await events.WriteAsync(Value(text), ApiJson.Readable.TextCompletion);
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
