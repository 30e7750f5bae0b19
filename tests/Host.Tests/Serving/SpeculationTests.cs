using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tessera.Engine.Scheduling;
using Tessera.Engine.Speculation;
using Tessera.Host.Api;

namespace Tessera.Host.Tests.Serving;

/// <summary>Drafts as a client, a deployer and a monitor see them.</summary>
[Collection(ServingCollection.Name)]
public sealed class SpeculationTests(DraftingServer drafting) : IDisposable, IClassFixture<DraftingServer>
{
    internal const string Keys = "decoding: spec.decoding";

    private const string Chat = "/v1/chat/completions", Text = "/v1/completions";

    /// <summary>What is drafted does not depend on the machine's speed then.</summary>
    internal const string Untuned = "engine: { tuneDrafts: false }";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_prediction_changes_the_usage_and_not_the_answer()
    {
        await using TestServer server = await TestServer.StartAsync(more: Untuned, keys: Keys);
        string expected = ChainModel.ExpectText('\n', 100);
        object Body(object? prediction, bool? speculative = null) =>
            new { messages = new[] { new { role = "user", content = "hi" } }, max_tokens = 100, temperature = 0, prediction, speculative };
        Reply right = (await server.PostAsync(Chat, Body(new { type = "content", content = expected }))).Ok();
        Assert.Equal(expected, right.Content());
        (int accepted, int rejected) = Details(right);
        Assert.InRange(accepted, 50, 99);
        Assert.Equal(0, rejected);
        Reply edited = (await server.PostAsync(Chat, Body(new { type = "content", content = new[] { new { type = "text", text = expected[..40] + "XYZ" }, new { type = "text", text = expected[43..] } } }))).Ok();
        Assert.Equal(expected, edited.Content());
        (accepted, rejected) = Details(edited);
        Assert.InRange(accepted, 40, 99);
        // A draft may reach far beyond the place, and some tokens are guessed before it is found again.
        Assert.InRange(rejected, 1, 4 * 31);
        Reply off = (await server.PostAsync(Chat, Body(new { type = "content", content = expected }, speculative: false))).Ok();
        Assert.Equal((expected, (0, 0)), (off.Content(), Details(off)));
        Reply none = (await server.PostAsync(Chat, Body(null))).Ok();
        Assert.Equal((expected, (0, 0)), (none.Content(), Details(none)));
        Reply text = (await server.PostAsync(Text, new { prompt = "abc", max_tokens = 60, temperature = 0, prediction = new { type = "content", content = ChainModel.ExpectText('c', 60) } })).Ok();
        Assert.Equal(ChainModel.ExpectText('c', 60), text.Content());
        Assert.True(Details(text).Accepted > 20);
    }

    [Fact]
    public async Task What_was_accepted_of_a_prediction_is_summed_over_the_choices()
    {
        await using TestServer server = await TestServer.StartAsync(more: Untuned, keys: Keys);
        object Body(int n) => new { prompt = "abc", max_tokens = 60, temperature = 0, n, prediction = new { type = "content", content = ChainModel.ExpectText('c', 60) } };
        Reply one = (await server.PostAsync(Text, Body(1))).Ok(), three = (await server.PostAsync(Text, Body(3))).Ok();
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(ChainModel.ExpectText('c', 60), three.Content(i)));
        Assert.InRange(Details(one).Accepted, 40, 59);
        Assert.InRange(Details(three).Accepted, 3 * 40, 3 * 59);
    }

    [Fact]
    public async Task A_stop_string_within_an_accepted_lookup_ends_the_answer_where_plain_decoding_does()
    {
        await using TestServer server = await TestServer.StartAsync(more: Untuned, keys: Keys);
        // The third turn of the cycle, which the lookup knows, has the stop string in its middle.
        object Body(bool speculative) => new { prompt = "abc", max_tokens = 200, min_tokens = 90, stop = new[] { "mno" }, temperature = 0, speculative };
        Reply plain = (await server.PostAsync(Text, Body(false))).Ok(), found = (await server.PostAsync(Text, Body(true))).Ok();
        Assert.Equal(plain.Choice().GetRawText(), found.Choice().GetRawText());
        Assert.Equal("stop", found.FinishReason);
        int tokens = found.Usage.GetProperty("completion_tokens").GetInt32();
        Assert.Equal(plain.Usage.GetProperty("completion_tokens").GetInt32(), tokens);
        Assert.InRange(tokens, 90, 150);
        Assert.True(Value((await server.GetAsync("/metrics")).Ok().Text, "tessera_spec_accepted_tokens_total{model=\"chain\",source=\"lookup\"}") > 30);
    }

    [Fact]
    public async Task Without_a_strategy_a_prediction_is_a_hint_that_nobody_takes()
    {
        await using TestServer server = await TestServer.StartAsync();
        Reply reply = (await server.PostAsync(Text, new { prompt = "abc", max_tokens = 20, temperature = 0, prediction = new { type = "content", content = "defgh" } })).Ok();
        Assert.Equal((ChainModel.ExpectText('c', 20), (0, 0)), (reply.Content(), Details(reply)));
    }

    [Theory]
    [InlineData("7", "prediction"), InlineData("{\"type\":\"tokens\"}", "prediction.type"), InlineData("{\"type\":\"content\"}", "prediction.content"), InlineData("{\"type\":\"content\",\"content\":7}", "prediction.content"), InlineData("{\"type\":\"content\",\"content\":[{\"type\":\"image_url\"}]}", "prediction.content[0].type")]
    public async Task A_prediction_that_is_none_is_named(string value, string named)
    {
        (await drafting.Server.PostTextAsync(Text, $"{{\"prompt\":\"hi\",\"prediction\":{value}}}")).Error(400, named);
    }

    [Fact]
    public async Task Seeded_and_greedy_answers_are_plain_decoding_s_with_a_draft_model_too()
    {
        string draft = _folder.Write("draft.gguf", ChainModel.Bytes(seed: 2));
        await using TestServer plain = await TestServer.StartAsync(), server = await TestServer.StartAsync(more: Untuned, keys: $"{Keys}, draft: \"{draft}\"");
        for (int i = 0; i < 6; i++)
        {
            object body = new { prompt = $"abc{i}", max_tokens = 80, temperature = i % 3 == 0 ? 0 : 0.9, seed = i, top_p = 0.9, repetition_penalty = i % 2 == 0 ? 1.1 : 1, logprobs = 2 };
            Reply expected = (await plain.PostAsync(Text, body)).Ok(), found = (await server.PostAsync(Text, body)).Ok();
            Assert.Equal(expected.Choice().GetRawText(), found.Choice().GetRawText());
        }
        string metrics = (await server.GetAsync("/metrics")).Ok().Text;
        Assert.True(Value(metrics, "tessera_spec_drafted_tokens_total{model=\"chain\",source=\"draft\"}") > 20);
        Assert.True(Value(metrics, "tessera_spec_draft_milliseconds{model=\"chain\"}") > 0);
    }

    [Fact]
    public async Task Metrics_show_what_was_drafted_and_the_choice_of_lengths()
    {
        await using TestServer server = await TestServer.StartAsync(more: Untuned, keys: Keys);
        (await server.PostAsync(Text, new { prompt = "abc", max_tokens = 200, temperature = 0 })).Ok();
        string metrics = (await server.GetAsync("/metrics")).Ok().Text;
        double drafted = Value(metrics, "tessera_spec_drafted_tokens_total{model=\"chain\",source=\"lookup\"}"), accepted = Value(metrics, "tessera_spec_accepted_tokens_total{model=\"chain\",source=\"lookup\"}");
        // The cycle is 37 tokens long: from its second turn on the lookup is right.
        Assert.InRange(accepted, 60, drafted);
        Assert.Equal(accepted, Value(metrics, "tessera_spec_accepted_length_sum{model=\"chain\",source=\"lookup\"}"));
        Assert.Equal(0, Value(metrics, "tessera_spec_faults_total{model=\"chain\"}"));
        Assert.True(Value(metrics, "tessera_spec_acceptance{model=\"chain\",source=\"lookup\",position=\"1\"}") > 0.7);
        Assert.True(Value(metrics, "tessera_spec_step_milliseconds{model=\"chain\",draft_rows=\"0\"}") > 0);
        Assert.True(Value(metrics, "tessera_spec_expected_tokens_per_second{model=\"chain\",source=\"lookup\",agreed=\"10\"}") > 0);
        Assert.Equal(31, Value(metrics, "tessera_spec_best_rows{model=\"chain\",source=\"lookup\",agreed=\"10\"}"));
        Assert.True(Value(metrics, "tessera_spec_plain_tokens_per_second{model=\"chain\"}") > 0);
        Assert.Equal(1, Value(metrics, "tessera_spec_sequences{model=\"chain\"}"));
        // There is no draft model: nothing is said of what one would be worth.
        Assert.DoesNotContain("source=\"draft\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("at 0 and below nothing is drafted", metrics, StringComparison.Ordinal);
        Assert.Contains("tessera_spec_chosen_rows{model=\"chain\"}", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_draft_model_of_another_vocabulary_is_refused_with_the_first_id_that_differs()
    {
        byte[] other = ChainModel.Bytes(seed: 2);
        // Two ids change places.
        string text = Encoding.Latin1.GetString(other);
        int at = text.IndexOf("\u0001\0\0\0\0\0\0\0a\u0001\0\0\0\0\0\0\0b", StringComparison.Ordinal);
        Assert.True(at > 0);
        (other[at + 8], other[at + 17]) = ((byte)'b', (byte)'a');
        string draft = _folder.Write("other.gguf", other);
        await using TestServer server = await TestServer.StartAsync(keys: $"{Keys}, draft: \"{draft}\"");
        Assert.Contains("draft model 'other.gguf': its vocabulary is not the model's: id 97 is 'a' in the model and 'b' in the draft model", server.Model.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_and_explain_say_what_drafts_are_and_what_came_of_them()
    {
        string model = _folder.Write("chain.gguf", ChainModel.Bytes()), draft = _folder.Write("draft.gguf", ChainModel.Bytes(seed: 2));
        string config = _folder.Write("host.yaml", TestServer.Yaml(model, more: Untuned, keys: $"{Keys}, draft: \"{draft}\""));
        Finished run = await TesseraProcess.RunAsync("run", "chain", "--config", config, "--raw", "-p", "abc", "-n", "120", "-t", "0");
        Assert.Equal((0, ChainModel.ExpectText('c', 120)), (run.Code, run.Output.TrimEnd('\n')));
        Assert.Matches(@"decode 119 tokens in .*; drafts: .*(draft|lookup) \d+ of \d+ accepted.*; \d\.\d\d tokens a step", run.Error.TrimEnd('\n').Split('\n')[^1]);
        Finished explain = await TesseraProcess.RunAsync("explain", "chain", "--config", config);
        Assert.Equal(0, explain.Code);
        Assert.Contains("decoding    spec.decoding: prediction (at most 31 tokens), draft (at most 8 tokens), lookup (at most 31 tokens), suffix (at most 14 tokens)\n            engine.tuneDrafts is false", explain.Output, StringComparison.Ordinal);
        Assert.Matches(@"draft model draft\.gguf: llama, .* ms a batch", explain.Output);
        Assert.Contains("formula     tokens/s = B * M / (T(", explain.Output, StringComparison.Ordinal);
        Assert.Matches(@"step        (\d+\.\d\d ){32}ms at 0, 1, … draft rows", explain.Output);
        Assert.Matches(@"account     \d+\.\d\d ms to begin with", explain.Output);
        Assert.Matches(@"acceptance  draft: (\d\.\d\d ){8}by place in the draft", explain.Output);
        Assert.Matches(@"tokens/s    draft: (\d+\.\d ){9}at 0, 1, … draft tokens; chosen: [0-8]\n", explain.Output);
        Assert.Matches(@"acceptance  lookup: (\d\.\d\d ){11}where 1 2 3 4 5 7 10 15 23 34 50 tokens agree", explain.Output);
        Assert.Matches(@"chosen      lookup: (\d+ ){11}draft tokens there, for (\d+\.\d ){11}tokens/s", explain.Output);
    }

    [Fact]
    public async Task A_draft_model_that_is_not_there_or_is_of_no_use_is_named_with_its_line()
    {
        string model = _folder.Write("chain.gguf", ChainModel.Bytes()), draft = _folder.Write("draft.gguf", ChainModel.Bytes(seed: 2)), gone = Path.Combine(_folder.Path, "gone.gguf");
        await Refused($"draft: \"{gone}\"", "", $"host.yaml:3 models.list[0].draft: no such file or folder: {gone}");
        await Refused($"draft: \"{draft}\"", "options: { spec.decoding: { sources: lookup } }", "host.yaml:3 models.list[0].draft: plugin 'spec.decoding' drafts from lookup and would not use it; add 'draft' to its sources, or leave the key out");
        await Refused($"draft: \"{draft}\"", "options: { spec.decoding: { sources: \"lookup, sufix\" } }", "host.yaml:2 spec.decoding.sources: expected some of prediction, draft, lookup, suffix, found 'sufix'");

        async Task Refused(string keys, string plugins, string expected)
        {
            string config = _folder.Write("host.yaml", TestServer.Yaml(model, plugins: plugins, keys: $"{Keys}, {keys}"));
            Finished run = await TesseraProcess.RunAsync("run", "chain", "--config", config, "--raw", "-p", "abc", "-n", "2");
            Assert.NotEqual(0, run.Code);
            Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_strategy_that_is_set_aside_is_counted_and_stands_in_the_log()
    {
        Lines log = new();
        MetricsHub hub = new(log);
        IEngineObserver observer = hub.For("m");
        SpeculationReport report = new([new SourceReport("s", 1, [0.5], [new DraftOutlook(0, 0.5, [1, 1], 0, 1)])], 1, [1, 1], double.NaN, 0, 0, 0, 1, null);
        observer.DraftFault("one", isLast: false);
        hub.Speculation.Set("m", report);
        Assert.Equal(0, Value(await TextAsync(hub), "tessera_spec_set_aside{model=\"m\"}"));
        Assert.Equal(["Warning: model 'm': the decoding strategy has lost a turn: one"], log.Written);
        observer.DraftFault("two", isLast: true);
        hub.Speculation.Set("m", report with { Faults = 2, Problem = "drafting has stopped: two" });
        Assert.Equal(["Error: model 'm': the decoding strategy is set aside, and decoding goes on without drafts: two"], log.Written[1..]);
        string metrics = await TextAsync(hub);
        Assert.Equal((1.0, 2.0), (Value(metrics, "tessera_spec_set_aside{model=\"m\"}"), Value(metrics, "tessera_spec_faults_total{model=\"m\"}")));
        // A model that drafts no more says nothing of it; others do.
        hub.Speculation.Set("other", report);
        hub.Speculation.Clear("m");
        metrics = await TextAsync(hub);
        Assert.DoesNotContain("tessera_spec_set_aside{model=\"m\"}", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("tessera_spec_acceptance{model=\"m\"", metrics, StringComparison.Ordinal);
        Assert.Equal(0, Value(metrics, "tessera_spec_set_aside{model=\"other\"}"));
    }

    private static async Task<string> TextAsync(MetricsHub hub)
    {
        using MemoryStream stream = new();
        await hub.Registry.CollectAndExportAsTextAsync(stream, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static (int Accepted, int Rejected) Details(Reply reply)
    {
        JsonElement details = reply.Usage.GetProperty("completion_tokens_details");
        return (details.GetProperty("accepted_prediction_tokens").GetInt32(), details.GetProperty("rejected_prediction_tokens").GetInt32());
    }

    private static double Value(string metrics, string series)
    {
        string line = metrics.Split('\n').FirstOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal)) ?? throw new InvalidOperationException($"no series {series}");
        return double.Parse(line[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class Lines : ILogger<MetricsHub>
    {
        public List<string> Written { get; } = [];
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Written.Add($"{logLevel}: {formatter(state, exception)}");
    }
}

/// <summary>A server that drafts, for those who do not ask what was drafted before.</summary>
public sealed class DraftingServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(more: SpeculationTests.Untuned, keys: SpeculationTests.Keys);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
