using System.Text.Json;

namespace Tessera.Host.Tests.Serving;

/// <summary>Grammars as a client asks for them.</summary>
[Collection(ServingCollection.Name)]
public sealed class GrammarTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Chat = "/v1/chat/completions", Text = "/v1/completions";

    private TestServer Server => shared.Server;

    private static object[] Hi => [new { role = "user", content = "hi" }];

    [Theory]
    [InlineData("grammar"), InlineData("guided_grammar")]
    public async Task An_answer_follows_its_grammar(string field)
    {
        Dictionary<string, object> body = new() { [field] = "root ::= [n-z日]{4} \"🙂\" ([x-z] | \"日\")", ["max_tokens"] = 40, ["temperature"] = 0, ["messages"] = Hi, ["prompt"] = "abc", ["min_tokens"] = 20, ["ignore_eos"] = true };
        foreach (string path in (string[])[Chat, Text])
        {
            body.Remove(path == Chat ? "prompt" : "messages", out object? other);
            Reply reply = (await Server.PostAsync(path, body)).Ok();
            Assert.Matches("^[n-z日]{4}🙂[x-z日]$", reply.Content());
            Assert.Equal("stop", reply.FinishReason);
            body[path == Chat ? "prompt" : "messages"] = other!;
        }
    }

    [Theory]
    [InlineData(Chat), InlineData(Text)]
    public async Task A_JSON_object_is_one(string path)
    {
        Dictionary<string, int> ends = [];
        for (int seed = 0; seed < 12; seed++)
        {
            // Closing signs are likely, that it comes to an end.
            object body = new
            {
                messages = path == Chat ? Hi : null, prompt = path == Text ? "abc" : null, response_format = new { type = "json_object" }, max_tokens = 300, seed, temperature = 1,
                logit_bias = new Dictionary<string, int> { ["34"] = 8, ["125"] = 7, ["93"] = 7, ["44"] = 4, ["58"] = 5, ["49"] = 4 },
            };
            Reply reply = (await Server.PostAsync(path, body)).Ok();
            ends[reply.FinishReason!] = ends.GetValueOrDefault(reply.FinishReason!) + 1;
            Assert.StartsWith("{", reply.Content(), StringComparison.Ordinal);
            if (reply.FinishReason == "stop")
                JsonDocument.Parse(reply.Content(), new JsonDocumentOptions { MaxDepth = 300 }).Dispose();
        }
        Assert.True(ends.GetValueOrDefault("stop") > 6, string.Join(", ", ends));
    }

    [Fact]
    public async Task Choices_and_streams_follow_it_too()
    {
        object body = new { prompt = "abc", grammar = "root ::= ([a-c] [x-z] \" \"){5,}", n = 3, seed = 2, max_tokens = 30, ignore_eos = true };
        Reply reply = (await Server.PostAsync(Text, body)).Ok();
        string[] texts = [.. Enumerable.Range(0, 3).Select(reply.Content)];
        Assert.All(texts, t => Assert.Matches("^([a-c][x-z] ){10}$", t));
        Assert.Equal(3, texts.Distinct().Count());
        EventLog streamed = await Server.StreamAsync(Text, new { prompt = "abc", grammar = "root ::= ([a-c] [x-z] \" \"){5,}", seed = 2, max_tokens = 30, ignore_eos = true, stream = true });
        Assert.Equal(texts[0], streamed.Text());
        string[] free = [.. (await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Server.PostAsync(Text, new { prompt = "abc", max_tokens = 30, temperature = 0 })))).Select(r => r.Ok().Content())];
        Assert.All(free, t => Assert.Equal(ChainModel.ExpectText('c', 30), t));
    }

    [Fact]
    public async Task No_grammar_is_an_empty_one_and_a_free_format()
    {
        foreach (object body in (object[])[new { prompt = "abc", max_tokens = 20, temperature = 0, grammar = "" }, new { prompt = "abc", max_tokens = 20, temperature = 0, response_format = new { type = "text" }, guided_grammar = (string?)null }])
            Assert.Equal(ChainModel.ExpectText('c', 20), (await Server.PostAsync(Text, body)).Ok().Content());
    }

    [Fact]
    public async Task Errors_name_the_field_and_the_place()
    {
        foreach (string path in (string[])[Chat, Text])
        {
            async Task Refused(object fields, string field, string text)
            {
                Dictionary<string, object?> body = fields.GetType().GetProperties().ToDictionary(p => p.Name, p => p.GetValue(fields));
                body[path == Chat ? "messages" : "prompt"] = path == Chat ? Hi : "abc";
                (await Server.PostAsync(path, body)).Error(400, field, text);
            }

            await Refused(new { grammar = "root ::= \"a\"\nx ::= [" }, "grammar", "'grammar': line 2, column 8: expected the end of the class: ']', found the end of the grammar");
            await Refused(new { guided_grammar = "root ::= root" }, "guided_grammar", "'guided_grammar': line 1, column 1: rule 'root' is left-recursive: root → root");
            await Refused(new { grammar = "root ::= \"a\"", guided_grammar = "root ::= \"a\"" }, "guided_grammar", "one of 'grammar' and 'guided_grammar'");
            await Refused(new { grammar = "root ::= \"a\"", response_format = new { type = "json_object" } }, "response_format", "one of 'grammar' and 'response_format'");
            await Refused(new { response_format = new { type = "json_schema", json_schema = new { } } }, "response_format.type", "is not available on this server");
        }
    }
}
