using System.Net.Http.Headers;
using System.Text;

namespace Tessera.Host.Tests.Serving;

public sealed class RefusalTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    private TestServer Server => shared.Server;

    /// <summary>A field, its value as JSON, and the name that the error must give.</summary>
    public static TheoryData<string, string, string> CommonFields => new()
    {
        { "model", "7", "model" }, { "temperature", "\"hot\"", "temperature" }, { "temperature", "-0.1", "temperature" }, { "temperature", "1e999", "temperature" }, { "temperature", "101", "temperature" },
        { "top_p", "1.01", "top_p" }, { "top_p", "[]", "top_p" }, { "top_k", "1.5", "top_k" }, { "top_k", "-2", "top_k" }, { "top_k", "99999999999999999999", "top_k" },
        { "min_p", "-1", "min_p" }, { "typical_p", "2", "typical_p" }, { "frequency_penalty", "2.5", "frequency_penalty" }, { "presence_penalty", "-2.5", "presence_penalty" },
        { "repetition_penalty", "0", "repetition_penalty" }, { "seed", "0.5", "seed" }, { "seed", "18446744073709551616", "seed" }, { "n", "0", "n" }, { "n", "65", "n" }, { "n", "\"2\"", "n" },
        { "max_tokens", "-1", "max_tokens" }, { "max_tokens", "2147483648", "max_tokens" }, { "max_completion_tokens", "true", "max_completion_tokens" },
        { "stop", "7", "stop" }, { "stop", "[\"a\",7]", "stop[1]" }, { "stop", "[\"\"]", "stop[0]" }, { "stop", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]", "stop" },
        { "logit_bias", "[]", "logit_bias" }, { "logit_bias", "{\"999\":1}", "logit_bias" }, { "logit_bias", "{\"x\":1}", "logit_bias" }, { "logit_bias", "{\"5\":101}", "logit_bias.5" }, { "logit_bias", "{\"5\":null}", "logit_bias.5" },
        { "stream", "\"yes\"", "stream" }, { "stream_options", "{}", "stream_options" }, { "ignore_eos", "1", "ignore_eos" }, { "return_token_ids", "0", "return_token_ids" },
        { "cache_salt", "1", "cache_salt" }, { "cache_salt", $"\"{new string('x', 257)}\"", "cache_salt" }, { "speculative", "\"no\"", "speculative" },
        { "functions", "[]", "functions" }, { "grammar", "\"root\"", "grammar" }, { "grammar", "7", "grammar" }, { "guided_grammar", "\"root ::= x\"", "guided_grammar" }, { "guided_regex", "\"a\"", "guided_regex" }, { "response_format", "\"json\"", "response_format" }, { "response_format", "{\"type\":\"json_schema\"}", "response_format.type" }, { "response_format", "{\"type\":\"json_object\",\"schema\":{}}", "response_format.schema" }, { "guided_json", "{}", "guided_json" }, { "min_tokens", "-1", "min_tokens" }, { "min_tokens", "\"5\"", "min_tokens" }, { "min_tokens", "2147483648", "min_tokens" }, { "prediction", "{}", "prediction.type" },
        { "user", "\"\\ud800\"", "user" }, { "metadata", "{\"a\":[\"x\",{\"b\":\"\\udc00\"}]}", "metadata.a[1].b" },
    };

    [Theory, MemberData(nameof(CommonFields))]
    public async Task A_wrong_field_is_named(string field, string value, string named)
    {
        (await Server.PostTextAsync("/v1/chat/completions", $"{{{Hi},\"{field}\":{value}}}")).Error(400, named);
        (await Server.PostTextAsync("/v1/completions", $"{{\"prompt\":\"hi\",\"{field}\":{value}}}")).Error(400, named);
    }

    [Theory]
    [InlineData("{}", "messages")]
    [InlineData("{\"messages\":\"hi\"}", "messages")]
    [InlineData("{\"messages\":[]}", "messages")]
    [InlineData("{\"messages\":[7]}", "messages[0]")]
    [InlineData("{\"messages\":[{\"content\":\"hi\"}]}", "messages[0].role")]
    [InlineData("{\"messages\":[{\"role\":\"king\",\"content\":\"hi\"}]}", "messages[0].role")]
    [InlineData("{\"messages\":[{\"role\":\"user\"}]}", "messages[0].content")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":7}]}", "messages[0].content")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[7]}]}", "messages[0].content[0]")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}", "messages[0].content[0].text")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]}", "messages[0].content[0].type")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]}", "messages[0].content[0].type")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800x\"}]}", "messages[0].content")]
    [InlineData("{" + Hi + ",\"max_tokens\":4,\"min_tokens\":5}", "min_tokens")]
    [InlineData("{" + Hi + ",\"max_completion_tokens\":4,\"max_tokens\":9,\"min_tokens\":5}", "min_tokens")]
    [InlineData("{" + Hi + ",\"tools\":[{\"type\":\"function\"}]}", "tools")]
    [InlineData("{" + Hi + ",\"tools\":7}", "tools")]
    [InlineData("{" + Hi + ",\"tool_choice\":\"auto\",\"tools\":[{}]}", "tools")]
    [InlineData("{" + Hi + ",\"modalities\":[\"audio\"]}", "modalities")]
    [InlineData("{" + Hi + ",\"logprobs\":1}", "logprobs")]
    [InlineData("{" + Hi + ",\"logprobs\":true,\"top_logprobs\":21}", "top_logprobs")]
    [InlineData("{" + Hi + ",\"top_logprobs\":2}", "top_logprobs")]
    [InlineData("{" + Hi + ",\"add_generation_prompt\":1}", "add_generation_prompt")]
    [InlineData("{" + Hi + ",\"chat_template_kwargs\":[]}", "chat_template_kwargs")]
    [InlineData("{" + Hi + ",\"stream\":true,\"stream_options\":{\"include_usage\":1}}", "stream_options.include_usage")]
    public async Task A_wrong_chat_field_is_named(string body, string named) => (await Server.PostTextAsync("/v1/chat/completions", body)).Error(400, named);

    [Theory]
    [InlineData("{}", "prompt")]
    [InlineData("{\"prompt\":null}", "prompt")]
    [InlineData("{\"prompt\":\"\"}", "prompt")]
    [InlineData("{\"prompt\":[]}", "prompt")]
    [InlineData("{\"prompt\":{}}", "prompt")]
    [InlineData("{\"prompt\":[[]]}", "prompt[0]")]
    [InlineData("{\"prompt\":[261]}", "prompt[0]")]
    [InlineData("{\"prompt\":[1,-1]}", "prompt[1]")]
    [InlineData("{\"prompt\":[1,\"a\"]}", "prompt[1]")]
    [InlineData("{\"prompt\":[\"a\",true]}", "prompt[1]")]
    [InlineData("{\"prompt\":[[1],[1e3]]}", "prompt[1][0]")]
    [InlineData("{\"prompt\":\"a\",\"logprobs\":true}", "logprobs")]
    [InlineData("{\"prompt\":\"a\",\"logprobs\":21}", "logprobs")]
    [InlineData("{\"prompt\":\"a\",\"echo\":true}", "echo")]
    [InlineData("{\"prompt\":\"a\",\"best_of\":2}", "best_of")]
    [InlineData("{\"prompt\":\"a\",\"min_tokens\":17}", "min_tokens")]
    [InlineData("{\"prompt\":\"a\",\"suffix\":\"b\"}", "suffix")]
    [InlineData("{\"prompt\":[\"a\",\"b\",\"c\"],\"n\":64}", "n")]
    public async Task A_wrong_text_field_is_named(string body, string named) => (await Server.PostTextAsync("/v1/completions", body)).Error(400, named);

    [Theory]
    [InlineData("/tokenize", "{}", "content")]
    [InlineData("/tokenize", "{\"content\":1}", "content")]
    [InlineData("/tokenize", "{\"content\":\"\\ud83d\"}", "content")]
    [InlineData("/tokenize", "{\"content\":\"a\",\"add_special\":1}", "add_special")]
    [InlineData("/tokenize", "{\"content\":\"a\",\"with_pieces\":\"\"}", "with_pieces")]
    [InlineData("/detokenize", "{}", "tokens")]
    [InlineData("/detokenize", "{\"tokens\":[300]}", "tokens[0]")]
    [InlineData("/v1/load_model", "{}", "model")]
    [InlineData("/v1/load_model", "{\"model\":[]}", "model")]
    public async Task A_wrong_field_of_other_endpoints_is_named(string path, string body, string named) => (await Server.PostTextAsync(path, body)).Error(400, named);

    [Theory]
    [InlineData("", null)]
    [InlineData("{", null)]
    [InlineData("{\"prompt\":\"a\"} x", null)]
    [InlineData("{\"prompt\":NaN}", null)]
    [InlineData("{\"prompt\":\"a\",\"prompt\":\"b\"}", null)]
    [InlineData("{\"a\\ud800\":1}", null)]
    [InlineData("[]", "body")]
    [InlineData("null", "body")]
    [InlineData("7", "body")]
    [InlineData("\"\\ud800\"", "body")]
    public async Task A_body_that_is_no_object_is_refused(string body, string? named)
    {
        foreach (string path in new[] { "/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize", "/v1/load_model" })
            (await Server.PostTextAsync(path, body)).Error(400, named);
    }

    [Fact]
    public async Task A_deep_body_and_bytes_that_are_no_text_are_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("[", 100_000));
        (await Server.PostTextAsync("/v1/completions", $"{{\"prompt\":{deep}")).Error(400, null, "valid JSON");
        byte[] latin = [.. "{\"prompt\":\""u8, 0xE9, .. "\"}"u8];
        (await Server.PostAsync("/v1/completions", new ByteArrayContent(latin))).Error(400, "prompt");
    }

    [Fact]
    public async Task A_body_over_the_limit_gets_413_and_one_under_it_is_read()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = new ByteArrayContent(new byte[(32 << 20) + 1]) };
        request.Headers.ExpectContinue = true;
        (await Reply.ReadAsync(await Server.Client.SendAsync(request, TestContext.Current.CancellationToken))).Error(413, null, "32 MiB");
        (await Server.PostTextAsync("/v1/completions", $"{{\"user\":\"{new string('x', 1 << 20)}\",\"prompt\":\"a\",\"max_tokens\":1}}")).Ok();
    }

    [Fact]
    public async Task Unknown_models_routes_and_methods_have_the_error_shape()
    {
        (await Server.PostTextAsync("/v1/completions", "{\"model\":\"gpt-9\",\"prompt\":\"a\"}")).Error(404, "model", "chain");
        (await Server.PostTextAsync("/v1/chat/completions", $"{{\"model\":\"../chain\",{Hi}}}")).Error(404, "model");
        (await Server.PostTextAsync("/v1/load_model", $"{{\"model\":\"{Server.ModelPath.Replace("\\", "/", StringComparison.Ordinal)}\"}}")).Error(404, "model");
        (await Server.GetAsync("/v1/models/gpt-9")).Error(404, "model");
        (await Server.GetAsync("/v2/nothing")).Error(404, null, "/v2/nothing");
        Reply wrong = (await Server.GetAsync("/v1/chat/completions")).Error(405, null, "POST");
        Assert.Contains("POST", wrong.Response.Content.Headers.Allow);
        (await Server.PostTextAsync("/v1/models", "{}")).Error(405, null);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-8; odd=\"1\"")]
    [InlineData(null)]
    public async Task Any_content_type_is_read_as_JSON(string? type)
    {
        using ByteArrayContent content = new("{\"prompt\":\"abc\",\"max_tokens\":3,\"temperature\":0}"u8.ToArray());
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        Assert.Equal("def", (await Server.PostAsync("/v1/completions", content)).Ok().Content());
    }

    [Theory]
    [InlineData("\"max_tokens\":2,\"tools\":[]")]
    [InlineData("\"max_tokens\":2,\"tools\":[{\"type\":\"function\"}],\"tool_choice\":\"none\"")]
    [InlineData("\"max_tokens\":2,\"response_format\":{\"type\":\"text\"},\"modalities\":[\"text\"],\"user\":\"me\",\"store\":false,\"metadata\":{}")]
    [InlineData("\"temperature\":null,\"stop\":null,\"stream_options\":null,\"tools\":null,\"n\":null,\"max_tokens\":null,\"max_completion_tokens\":2")]
    [InlineData("\"max_tokens\":2,\"seed\":-9223372036854775808,\"top_k\":-1,\"top_p\":1e-60,\"temperature\":1e-60")]
    public async Task What_changes_nothing_is_accepted(string fields) =>
        Assert.Equal("aa", (await Server.PostTextAsync("/v1/chat/completions", $"{{{Hi},\"logit_bias\":{{\"97\":100}},{fields}}}")).Ok().Content());

    [Fact]
    public async Task Odd_messages_never_end_in_a_server_error()
    {
        string[] messages =
        [
            "{\"role\":\"assistant\",\"content\":null}", "{\"role\":\"assistant\"}", "{\"role\":\"user\",\"content\":[]}", "{\"role\":\"user\",\"content\":\"\\u0000\\uffff\"}",
            "{\"role\":\"user\",\"content\":\"x\",\"weight\":1e400}", "{\"role\":\"user\",\"content\":\"x\",\"id\":123456789012345678901234567890}",
            "{\"role\":\"tool\",\"content\":\"x\",\"tool_call_id\":{\"a\":[null,true,-0.0]}}", "{\"role\":\"user\",\"content\":\"<|im_start|><|im_end|>\",\"\":{}}",
        ];
        foreach (string message in messages)
        {
            Reply reply = await Server.PostTextAsync("/v1/chat/completions", $"{{\"max_tokens\":1,\"messages\":[{message}]}}");
            Assert.True(reply.Status is 200 or 400, $"{message}: {reply.Status} {reply.Text}");
        }
        (await Server.PostTextAsync("/v1/chat/completions", $"{{{Hi},\"max_tokens\":1,\"chat_template_kwargs\":{{\"messages\":7}}}}")).Error(400, "messages");
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_refused_with_the_context()
    {
        string text = new('x', 5000);
        (await Server.PostAsync("/v1/completions", new { prompt = text })).Error(400, "prompt", "4096");
        (await Server.PostAsync("/v1/completions", new { prompt = new[] { "a", text } })).Error(400, "prompt[1]", "4096");
        (await Server.PostAsync("/v1/completions", new { prompt = new int[4096] })).Error(400, "prompt", "4096");
        (await Server.PostAsync("/v1/chat/completions", new { messages = new[] { new { role = "user", content = text } } })).Error(400, "messages", "4096");
    }

    [Fact]
    public async Task A_full_queue_answers_429_with_a_time_to_try_again()
    {
        await using TestServer server = await TestServer.StartAsync("maxQueue: 1", "engine: { maxSequences: 1 }");
        using HttpResponseMessage running = await server.SendAsync("/v1/completions", new { prompt = "a", max_tokens = 4000, stream = true, logprobs = 20 });
        await TestServer.UntilAsync(() => server.Load.Running == 1, "one runs");
        Task<Reply> waiting = server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 });
        await TestServer.UntilAsync(() => server.Load.Waiting == 1, "one waits");
        Reply refused = (await server.PostAsync("/v1/completions", new { prompt = "a" })).Error(429, null, "maxQueue");
        Assert.True(refused.Response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        running.Dispose();
        Assert.Equal("def", (await waiting).Ok().Content());
    }

    [Fact]
    public async Task A_list_of_prompts_is_taken_whole_or_not_at_all()
    {
        await using TestServer server = await TestServer.StartAsync("maxQueue: 3", "engine: { maxSequences: 1 }");
        using HttpResponseMessage running = await server.SendAsync("/v1/completions", new { prompt = "a", max_tokens = 4000, stream = true, logprobs = 20 });
        await TestServer.UntilAsync(() => server.Load.Running == 1, "one runs");
        Task<Reply> waiting = server.PostAsync("/v1/completions", new { prompt = new[] { "abc", "klm" }, max_tokens = 3, temperature = 0 });
        await TestServer.UntilAsync(() => server.Load.Waiting == 2, "two wait");
        (await server.PostAsync("/v1/completions", new { prompt = new[] { "a", "b" }, stream = true })).Error(429, null, "maxQueue");
        Assert.Equal(2, server.Load.Waiting);
        running.Dispose();
        Assert.Equal(["def", "nop"], (await waiting).Ok().Json.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("text").GetString()));
    }
}
