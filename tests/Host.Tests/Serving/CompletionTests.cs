using System.Text.Json;

namespace Tessera.Host.Tests.Serving;

public sealed class CompletionTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Chat = "/v1/chat/completions", Text = "/v1/completions";

    private TestServer Server => shared.Server;

    private static object[] User(string text) => [new { role = "user", content = text }];

    [Fact]
    public async Task Chat_gives_the_same_text_whole_and_streamed()
    {
        Reply whole = (await Server.PostAsync(Chat, new { model = "chain", messages = User("hi"), max_completion_tokens = 100, temperature = 0 })).Ok();
        EventLog streamed = await Server.StreamAsync(Chat, new { messages = User("hi"), max_tokens = 100, temperature = 0, stream = true });
        Assert.Equal(ChainModel.ExpectText('\n', 100), whole.Content());
        Assert.Equal(whole.Content(), streamed.Text());
        Assert.Equal(("length", "length"), (whole.FinishReason, streamed.FinishReason()));
        Assert.True(streamed.Done);
        Assert.Equal("chat.completion", whole.Json.GetProperty("object").GetString());
        Assert.Equal("assistant", whole.Choice().GetProperty("message").GetProperty("role").GetString());
        Assert.StartsWith("chatcmpl-", whole.Json.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, whole.Choice().GetProperty("logprobs").ValueKind);
        Assert.All(streamed.Events, e => Assert.Equal("chat.completion.chunk", e.GetProperty("object").GetString()));
        Assert.Single(streamed.Events.Select(e => e.GetProperty("id").GetString()).Distinct());
        Assert.Equal("assistant", streamed.Choices().First().GetProperty("delta").GetProperty("role").GetString());
    }

    [Fact]
    public async Task Text_gives_the_same_text_whole_and_streamed_with_a_seed()
    {
        object Body(int seed, bool stream) => new { prompt = "abc", max_tokens = 60, temperature = 5, seed, stream };
        string first = (await Server.PostAsync(Text, Body(7, false))).Ok().Content();
        EventLog streamed = await Server.StreamAsync(Text, Body(7, true));
        Assert.Equal(first, streamed.Text());
        Assert.Equal(first, (await Server.PostAsync(Text, Body(7, false))).Content());
        Assert.NotEqual(first, (await Server.PostAsync(Text, Body(8, false))).Content());
        Assert.NotEqual(first, ChainModel.ExpectText('c', 60));
        Assert.All(streamed.Events, e => Assert.Equal("text_completion", e.GetProperty("object").GetString()));
    }

    [Fact]
    public async Task Text_without_a_limit_has_16_tokens_and_chat_fills_the_context()
    {
        Assert.Equal(ChainModel.ExpectText('z', 16), (await Server.PostAsync(Text, new { prompt = "xyz", temperature = 0 })).Ok().Content());
        await using TestServer small = await TestServer.StartAsync(model: ChainModel.Bytes(context: 64));
        Reply chat = (await small.PostAsync(Chat, new { messages = User("hi"), temperature = 0 })).Ok();
        Assert.Equal(64, chat.Usage.GetProperty("total_tokens").GetInt32());
        Assert.Equal("length", chat.FinishReason);
    }

    [Fact]
    public async Task Usage_counts_and_a_repeated_prompt_is_cached_but_not_under_another_salt()
    {
        string prompt = string.Concat(Enumerable.Repeat("usage of a prompt ", 10));
        object Body(string? salt) => new { prompt, max_tokens = 5, temperature = 0, cache_salt = salt };
        Reply first = (await Server.PostAsync(Text, Body(null))).Ok();
        Assert.Equal((prompt.Length, 5, prompt.Length + 5), (first.Usage.GetProperty("prompt_tokens").GetInt32(), first.Usage.GetProperty("completion_tokens").GetInt32(), first.Usage.GetProperty("total_tokens").GetInt32()));
        Assert.Equal(0, first.Cached);
        Reply second = (await Server.PostAsync(Text, Body(null))).Ok();
        Assert.Equal((prompt.Length - 1) / 16 * 16, second.Cached);
        Assert.Equal(first.Content(), second.Content());
        Assert.Equal(0, (await Server.PostAsync(Text, Body("other"))).Ok().Cached);
    }

    [Fact]
    public async Task Choices_of_one_prompt_differ_by_their_draws_and_are_numbered()
    {
        object Body(bool stream) => new { messages = User("hi"), max_tokens = 20, temperature = 6, seed = 3, n = 4, stream };
        Reply whole = (await Server.PostAsync(Chat, Body(false))).Ok();
        string[] texts = [.. Enumerable.Range(0, 4).Select(whole.Content)];
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(0, 4).Select(i => whole.Choice(i).GetProperty("index").GetInt32()));
        Assert.Equal(4, texts.Distinct().Count());
        EventLog streamed = await Server.StreamAsync(Chat, Body(true));
        Assert.Equal(texts, Enumerable.Range(0, 4).Select(streamed.Text));
        int prompt = (await Server.PostAsync(Chat, new { messages = User("hi"), max_tokens = 1 })).Usage.GetProperty("prompt_tokens").GetInt32();
        Assert.Equal(prompt, whole.Usage.GetProperty("prompt_tokens").GetInt32());
    }

    [Theory]
    [InlineData("hij", "abcdefg")]
    [InlineData("é🙂", "abcdefghijklmnopqrstuvwxyz 日")]
    [InlineData("日", "abcdefghijklmnopqrstuvwxyz ")]
    [InlineData("a", "")]
    [InlineData("nothing", null)]
    public async Task Stop_strings_end_the_text_before_them_across_tokens(string stop, string? expected)
    {
        object Body(bool stream) => new { messages = User("hi"), max_tokens = 60, temperature = 0, stop = new[] { "never", stop }, stream };
        Reply whole = (await Server.PostAsync(Chat, Body(false))).Ok();
        EventLog streamed = await Server.StreamAsync(Chat, Body(true));
        Assert.Equal(expected ?? ChainModel.ExpectText('\n', 60), whole.Content());
        Assert.Equal(whole.Content(), streamed.Text());
        Assert.Equal(expected is null ? "length" : "stop", whole.FinishReason);
        Assert.Equal(whole.FinishReason, streamed.FinishReason());
    }

    [Fact]
    public async Task An_end_token_ends_the_text_and_counts_unless_it_is_ignored()
    {
        object Body(bool ignore) => new { messages = User("hi"), max_tokens = 6, temperature = 0, logit_bias = new Dictionary<string, int> { [$"{ChainModel.TurnEnd}"] = 100 }, ignore_eos = ignore, return_token_ids = true };
        Reply ended = (await Server.PostAsync(Chat, Body(false))).Ok();
        Assert.Equal(("", "stop", 1), (ended.Content(), ended.FinishReason, ended.Usage.GetProperty("completion_tokens").GetInt32()));
        Reply ignored = (await Server.PostAsync(Chat, Body(true))).Ok();
        Assert.Equal(("length", 6), (ignored.FinishReason, ignored.Usage.GetProperty("completion_tokens").GetInt32()));
        Assert.Equal(Enumerable.Repeat(ChainModel.TurnEnd, 6), ignored.Choice().GetProperty("token_ids").EnumerateArray().Select(t => t.GetInt32()));
    }

    [Theory]
    [InlineData(0, 1), InlineData(1, 2), InlineData(5, 6), InlineData(8, 8)]
    public async Task An_end_token_comes_after_the_least_tokens(int least, int tokens)
    {
        object Body(bool stream) => new { messages = User("hi"), max_tokens = 8, min_tokens = least, temperature = 0, logit_bias = new Dictionary<string, int> { [$"{ChainModel.TurnEnd}"] = 100 }, stream };
        Reply whole = (await Server.PostAsync(Chat, Body(false))).Ok();
        Assert.Equal((ChainModel.ExpectText('\n', Math.Min(least, tokens)), least == 8 ? "length" : "stop", tokens), (whole.Content(), whole.FinishReason, whole.Usage.GetProperty("completion_tokens").GetInt32()));
        EventLog streamed = await Server.StreamAsync(Chat, Body(true));
        Assert.Equal((whole.Content(), whole.FinishReason), (streamed.Text(), streamed.FinishReason()));
    }

    [Theory]
    [InlineData(0, 2), InlineData(3, 2), InlineData(4, 39), InlineData(40, 39), InlineData(41, 60)]
    public async Task A_stop_string_within_the_least_tokens_is_text(int least, int text)
    {
        // "cd" is complete after 4 tokens, and a cycle of 37 later.
        object Body(bool stream) => new { messages = User("hi"), max_tokens = 60, min_tokens = least, temperature = 0, stop = "cd", stream };
        Reply whole = (await Server.PostAsync(Chat, Body(false))).Ok();
        Assert.Equal((ChainModel.ExpectText('\n', text), text == 60 ? "length" : "stop"), (whole.Content(), whole.FinishReason));
        EventLog streamed = await Server.StreamAsync(Chat, Body(true));
        Assert.Equal((whole.Content(), whole.FinishReason), (streamed.Text(), streamed.FinishReason()));
    }

    [Fact]
    public async Task Logit_bias_changes_the_choice()
    {
        Reply biased = (await Server.PostAsync(Text, new { prompt = "a", max_tokens = 3, temperature = 0, logit_bias = new Dictionary<string, double> { ["98"] = -100, ["120"] = 50 } })).Ok();
        Assert.Equal("xxx", biased.Content());
    }

    [Fact]
    public async Task Chat_log_probabilities_have_tokens_bytes_and_alternatives()
    {
        object Body(bool stream) => new { messages = User("hi"), max_tokens = 34, temperature = 0, logprobs = true, top_logprobs = 3, stream };
        Reply whole = (await Server.PostAsync(Chat, Body(false))).Ok();
        JsonElement[] tokens = [.. whole.Choice().GetProperty("logprobs").GetProperty("content").EnumerateArray()];
        Assert.Equal(ChainModel.Expect('\n', 34), tokens.Select(t => t.GetProperty("bytes")[0].GetInt32()));
        foreach (JsonElement token in tokens)
        {
            double[] top = [.. token.GetProperty("top_logprobs").EnumerateArray().Select(t => t.GetProperty("logprob").GetDouble())];
            Assert.Equal(3, top.Length);
            Assert.Equal(token.GetProperty("logprob").GetDouble(), top[0]);
            Assert.True(top[0] < 0 && top[0] > -1 && top[0] >= top[1] && top[1] >= top[2], string.Join(", ", top));
        }
        EventLog streamed = await Server.StreamAsync(Chat, Body(true));
        Assert.Equal(tokens.Select(t => t.GetRawText()), streamed.Choices().Where(c => c.GetProperty("logprobs").ValueKind == JsonValueKind.Object)
            .SelectMany(c => c.GetProperty("logprobs").GetProperty("content").EnumerateArray()).Select(t => t.GetRawText()));
        Reply bare = (await Server.PostAsync(Chat, new { messages = User("hi"), max_tokens = 2, logprobs = true })).Ok();
        Assert.Equal(0, bare.Choice().GetProperty("logprobs").GetProperty("content")[0].GetProperty("top_logprobs").GetArrayLength());
    }

    [Fact]
    public async Task Text_log_probabilities_are_parallel_lists()
    {
        Reply whole = (await Server.PostAsync(Text, new { prompt = "xyz", max_tokens = 8, temperature = 0, logprobs = 2 })).Ok();
        JsonElement logprobs = whole.Choice().GetProperty("logprobs");
        Assert.Equal(8, logprobs.GetProperty("tokens").GetArrayLength());
        Assert.Equal(" ", logprobs.GetProperty("tokens")[0].GetString());
        Assert.Equal(logprobs.GetProperty("token_logprobs")[0].GetDouble(), logprobs.GetProperty("top_logprobs")[0].GetProperty(" ").GetDouble());
        int[] offsets = [.. logprobs.GetProperty("text_offset").EnumerateArray().Select(o => o.GetInt32())];
        Assert.Equal(0, offsets[0]);
        Assert.Equal(offsets.Order(), offsets);
        // Streamed, offsets count on over the chunks.
        EventLog streamed = await Server.StreamAsync(Text, new { prompt = "xyz", max_tokens = 8, temperature = 0, logprobs = 2, stream = true });
        Assert.Equal(offsets, streamed.Choices().SelectMany(c => c.GetProperty("logprobs").GetProperty("text_offset").EnumerateArray()).Select(o => o.GetInt32()));
    }

    [Fact]
    public async Task Usage_of_a_stream_comes_last_and_only_if_asked_for()
    {
        object Body(bool usage) => new { messages = User("hi"), max_tokens = 9, temperature = 0, stream = true, stream_options = new { include_usage = usage } };
        EventLog with = await Server.StreamAsync(Chat, Body(true));
        Assert.Equal(0, with.Events[^1].GetProperty("choices").GetArrayLength());
        Assert.Equal(9, with.Events[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.DoesNotContain((await Server.StreamAsync(Chat, Body(false))).Events, e => e.TryGetProperty("usage", out _));
    }

    [Fact]
    public async Task Prompts_are_texts_ids_or_lists_of_either()
    {
        async Task<string[]> Say(object prompt)
        {
            Reply reply = (await Server.PostAsync(Text, new { prompt, max_tokens = 3, temperature = 0 })).Ok();
            return [.. Enumerable.Range(0, reply.Json.GetProperty("choices").GetArrayLength()).Select(reply.Content)];
        }
        Assert.Equal(["def"], await Say("abc"));
        Assert.Equal(["def", "nop", "abc"], await Say(new[] { "abc", "m", "?" }));
        Assert.Equal(["def"], await Say(new[] { 97, 98, 99 }));
        Assert.Equal(["def", "cde"], await Say(new[] { new[] { 99 }, [97, 98] }));
        Reply many = (await Server.PostAsync(Text, new { prompt = new[] { "a", "bc" }, n = 2, max_tokens = 2, temperature = 0 })).Ok();
        Assert.Equal(["bc", "bc", "de", "de"], Enumerable.Range(0, 4).Select(many.Content));
        Assert.Equal((3, 8), (many.Usage.GetProperty("prompt_tokens").GetInt32(), many.Usage.GetProperty("completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task Token_ids_are_returned_if_asked_for()
    {
        int[] Ids(JsonElement e) => [.. e.EnumerateArray().Select(t => t.GetInt32())];
        object Chatting(bool stream) => new { messages = User("hi"), max_tokens = 35, temperature = 0, return_token_ids = true, stream };
        Reply chat = (await Server.PostAsync(Chat, Chatting(false))).Ok();
        int[] prompt = Ids(chat.Json.GetProperty("prompt_token_ids"));
        Assert.Equal(ChainModel.TurnStart, prompt[0]);
        Assert.Equal(ChainModel.Expect('\n', 35), Ids(chat.Choice().GetProperty("token_ids")));
        EventLog streamed = await Server.StreamAsync(Chat, Chatting(true));
        Assert.Equal(prompt, Ids(streamed.Events[0].GetProperty("prompt_token_ids")));
        Assert.Equal(ChainModel.Expect('\n', 35), streamed.Choices().Where(c => c.TryGetProperty("token_ids", out _)).SelectMany(c => Ids(c.GetProperty("token_ids"))));
        Reply text = (await Server.PostAsync(Text, new { prompt = "ab", max_tokens = 2, temperature = 0, return_token_ids = true })).Ok();
        Assert.Equal([97, 98], Ids(text.Choice().GetProperty("prompt_token_ids")));
        Assert.Equal([99, 100], Ids(text.Choice().GetProperty("token_ids")));
        Assert.False((await Server.PostAsync(Text, new { prompt = "ab" })).Choice().TryGetProperty("token_ids", out _));
    }

    [Fact]
    public async Task No_event_holds_half_a_character()
    {
        EventLog streamed = await Server.StreamAsync(Text, new { prompt = "z", max_tokens = 200, temperature = 0, stream = true });
        Assert.Equal(ChainModel.ExpectText('z', 200), streamed.Text());
        Assert.DoesNotContain(streamed.Deltas().SkipLast(1), d => d.Contains('\uFFFD', StringComparison.Ordinal));
        Assert.DoesNotContain(streamed.Deltas(), d => d.Length > 0 && (char.IsLowSurrogate(d[0]) || char.IsHighSurrogate(d[^1])));
        // Cut inside 日, the end says so with U+FFFD.
        Assert.Equal(" \uFFFD", (await Server.PostAsync(Text, new { prompt = "z", max_tokens = 3, temperature = 0 })).Content());
    }

    [Fact]
    public async Task Chat_takes_parts_names_and_template_variables_and_no_tokens_at_all()
    {
        object parts = new[] { new { type = "text", text = "h" }, new { type = "text", text = "i" } };
        async Task<int> Prompt(object body) => (await Server.PostAsync(Chat, body)).Ok().Usage.GetProperty("prompt_tokens").GetInt32();
        int plain = await Prompt(new { messages = User("hi"), max_tokens = 1 });
        Assert.Equal(plain, await Prompt(new { messages = new[] { new { role = "user", content = parts, name = "me" } }, max_tokens = 1 }));
        Assert.Equal(plain + 4, await Prompt(new { messages = User("hi"), max_tokens = 1, chat_template_kwargs = new { mood = "glad" } }));
        Assert.Equal(plain - 11, await Prompt(new { messages = User("hi"), max_tokens = 1, add_generation_prompt = false }));
        Reply none = (await Server.PostAsync(Chat, new { messages = User("hi"), max_tokens = 0 })).Ok();
        Assert.Equal(("", "length", 0), (none.Content(), none.FinishReason, none.Usage.GetProperty("completion_tokens").GetInt32()));
        Assert.Equal("def", (await Server.PostAsync(Text, new { prompt = "abc", max_completion_tokens = 3, top_p = 0, typical_p = 0, temperature = 1 })).Ok().Content());
    }

    [Fact]
    public async Task Special_tokens_in_messages_are_plain_text_where_the_configuration_says_so()
    {
        await using TestServer escaping = await TestServer.StartAsync(more: "api: { escapeSpecialTokens: true }");
        object body = new { messages = User("<|im_end|>"), max_tokens = 1, return_token_ids = true };
        int Ends(Reply r) => r.Json.GetProperty("prompt_token_ids").EnumerateArray().Count(t => t.GetInt32() == ChainModel.TurnEnd);
        Assert.Equal(2, Ends((await Server.PostAsync(Chat, body)).Ok()));
        Assert.Equal(1, Ends((await escaping.PostAsync(Chat, body)).Ok()));
    }
}
