using System.Text.Json;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Cli;

/// <summary><c>tessera embed</c> and <c>tessera rerank</c>: a bad line is answered by an error with its number and field, the others as if it were not there, and the exit code tells.</summary>
public sealed class VectorLineTests : IDisposable
{
    private const string Good = """{"text": "abc de"}""", GoodPair = """{"query": "abc", "documents": ["de", "abc"]}""";

    private readonly TemporaryFolder _folder = new();
    private readonly string _config;

    public VectorLineTests() => _config = _folder.Write("host.yaml", TestServer.Yaml(_folder.Write("bert.gguf", TinyBert.Bytes())));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_bad_line_of_embed_names_its_field()
    {
        string longest = string.Join(", ", Enumerable.Repeat(5, TinyBert.Context + 1));
        await ChecksAsync("embed", "bert.gguf", Good, "embedding",
        [
            ("text: abc", "not valid JSON: "),
            ("{\"text\": \"abc\"", "not valid JSON: "),
            ("{\"text\": \"a\", \"text\": \"b\"}", "not valid JSON: "),
            ("[\"abc\"]", "'body': expected a JSON object, found an array of 1"),
            ("\"abc\"", "'body': expected a JSON object, found 'abc'"),
            ("{}", "'text': expected a text, or ids, found nothing"),
            ("{\"text\": null, \"ids\": null}", "'text': expected a text, or ids, found nothing"),
            ("{\"text\": 7}", "'text': expected a string, found 7"),
            ("{\"text\": [\"abc\"]}", "'text': expected a string, found an array of 1"),
            ("{\"text\": \"\\ud800\"}", "'text': expected valid Unicode, found half a character"),
            ("{\"text\": \"abc\", \"ids\": [5]}", "'ids': expected either ids or a text, found both"),
            ("{\"ids\": []}", "'ids': expected at least one token, found none"),
            ("{\"ids\": 5}", "'ids': expected an array of token ids, found 5"),
            ("{\"ids\": [5, \"6\"]}", "'ids[1]': expected a token id from 0 to 55, found '6'"),
            ("{\"ids\": [5, 56]}", "'ids[1]': expected a token id from 0 to 55, found 56"),
            ("{\"text\": \"abc 0\"}", "'text': expected token ids from 0 to 55, found 56"),
            ("{\"ids\": [-1]}", "'ids[0]': expected a token id from 0 to 55, found -1"),
            ("{\"ids\": [1.5]}", "'ids[0]': expected a token id from 0 to 55, found 1.5"),
            ("{\"ids\": [99999999999999999999]}", "'ids[0]': expected a token id from 0 to 55, found 99999999999999999999"),
            ($"{{\"ids\": [{longest}]}}", "'ids': expected at most 40 tokens, as many as the model takes, found 41"),
            ("{\"ids\": [5], \"prompt_name\": \"query\"}", "'prompt_name': expected a text to put a prompt in front of, found ids"),
            ("{\"text\": \"abc\", \"prompt_name\": \"query\"}", "'prompt_name': expected one of the model's prompts (it has none), found 'query'"),
            ("{\"text\": \"abc\", \"prompt_name\": 1}", "'prompt_name': expected a string, found 1"),
        ]);
    }

    [Fact]
    public async Task Every_bad_line_of_rerank_names_its_field()
    {
        _folder.Write("ranker.gguf", TinyBert.Bytes(pooling: 4));
        await ChecksAsync("rerank", "ranker.gguf", GoodPair, "scores",
        [
            ("query", "not valid JSON: "),
            ("[]", "'body': expected a JSON object, found an array of 0"),
            ("{\"documents\": [\"de\"]}", "'query': expected a text, found nothing"),
            ("{\"query\": 1, \"documents\": [\"de\"]}", "'query': expected a string, found 1"),
            ("{\"query\": \"abc\"}", "'documents': expected a list of texts, or of objects with a text, found nothing"),
            ("{\"query\": \"abc\", \"documents\": []}", "'documents': expected a list of texts, or of objects with a text, 1 or more, found an array of 0"),
            ("{\"query\": \"abc\", \"documents\": \"de\"}", "'documents': expected a list of texts, or of objects with a text, 1 or more, found 'de'"),
            ("{\"query\": \"abc\", \"documents\": {\"text\": \"de\"}}", "'documents': expected a list of texts, or of objects with a text, 1 or more, found an object"),
            ("{\"query\": \"abc 0\", \"documents\": [\"de\"]}", "'query': expected token ids from 0 to 55, found 56"),
            ("{\"query\": \"abc\", \"documents\": [\"de\", \"0\"]}", "'documents[1]': expected token ids from 0 to 55, found 56"),
            ("{\"query\": \"abc\", \"documents\": [\"de\", 7]}", "'documents[1]': expected a text or an object with a text, found 7"),
            ("{\"query\": \"abc\", \"documents\": [{\"title\": \"de\"}]}", "'documents[0].text': expected a text, found nothing"),
        ]);
    }

    [Fact]
    public async Task Long_texts_are_cut_and_empty_ones_and_objects_are_answered()
    {
        string letters = new('a', 60);
        _folder.Write("ranker.gguf", TinyBert.Bytes(pooling: 4));
        Finished embedded = await RunAsync("embed", "bert.gguf", $"{{\"text\": \"{letters}\"}}\n\n{{\"text\": \"\"}}\n"), ranked = await RunAsync("rerank", "ranker.gguf", $$"""{"query": "{{letters}}", "documents": ["", {"text": "{{letters}}"}, "{{letters}}"]}""");
        Assert.True((embedded.Code, ranked.Code) is (0, 0), $"{embedded} {ranked}");
        Assert.Equal([TinyBert.Context, 2], Lines(embedded).Select(l => l.GetProperty("ids").GetArrayLength()));
        double[] scores = [.. Lines(ranked).Single().GetProperty("scores").EnumerateArray().Select(s => s.GetDouble())];
        Assert.Equal(3, scores.Length);
        Assert.Equal(scores[1], scores[2]);
        Assert.NotEqual(scores[0], scores[1]);
    }

    [Fact]
    public async Task Ids_need_no_tokenizer_and_texts_and_pairs_do()
    {
        _folder.Write("mute.gguf", TinyBert.Bytes(hasTokenizer: false));
        _folder.Write("mute-ranker.gguf", TinyBert.Bytes(pooling: 4, hasTokenizer: false));
        string ids = $"{{\"ids\": [{string.Join(", ", TinyBert.Ids("abc de"))}]}}";
        Finished known = await RunAsync("embed", "bert.gguf", Good), mute = await RunAsync("embed", "mute.gguf", $"{ids}\n{Good}\n{ids}"), ranked = await RunAsync("rerank", "mute-ranker.gguf", GoodPair);
        JsonElement[] lines = Lines(mute);
        Assert.Equal(3, lines.Length);
        foreach (JsonElement line in (JsonElement[])[lines[0], lines[2]])
            Assert.Equal(Lines(known).Single().GetProperty("embedding").GetRawText(), line.GetProperty("embedding").GetRawText());
        Assert.Equal("line 2: mute.gguf: the model's files hold no tokenizer; only ids can be given", lines[1].GetProperty("error").GetString());
        Assert.Equal(((1, ""), 1), ((ranked.Code, ranked.Output), mute.Code));
        Assert.Contains("mute-ranker.gguf: the model's files hold no tokenizer", ranked.Error, StringComparison.Ordinal);
        // What each part of a model got has nothing to do with text.
        Finished explained = await RunAsync("explain", "mute.gguf", "");
        Assert.True(explained.Code == 0 && explained.Output.StartsWith("model       mute", StringComparison.Ordinal) && explained.Output.Contains("own kernel", StringComparison.Ordinal), $"{explained.Code}: {explained.Error}{explained.Output}");
    }

    [Fact]
    public async Task A_model_that_does_not_make_what_is_asked_for_is_refused()
    {
        _folder.Write("ranker.gguf", TinyBert.Bytes(pooling: 4));
        Finished embedded = await RunAsync("embed", "ranker.gguf", Good), ranked = await RunAsync("rerank", "bert.gguf", GoodPair);
        Assert.Equal(((1, ""), (1, "")), ((embedded.Code, embedded.Output), (ranked.Code, ranked.Output)));
        Assert.Contains("is a classifier", embedded.Error, StringComparison.Ordinal);
        Assert.Contains("has no classifier and is no reranker", ranked.Error, StringComparison.Ordinal);
    }

    /// <summary>Bad lines among good ones.</summary>
    private async Task ChecksAsync(string command, string model, string good, string field, (string Line, string Error)[] bad)
    {
        Finished alone = await RunAsync(command, model, good);
        Assert.True(alone.Code == 0, $"{alone}");
        // One good line in front, an empty one, the bad ones, one good line behind.
        Finished all = await RunAsync(command, model, string.Join('\n', [good, "", .. bad.Select(b => b.Line), good]));
        JsonElement[] lines = Lines(all);
        Assert.Equal(bad.Length + 2, lines.Length);
        foreach (JsonElement line in (JsonElement[])[lines[0], lines[^1]])
            Assert.Equal(Lines(alone).Single().GetProperty(field).GetRawText(), line.GetProperty(field).GetRawText());
        for (int i = 0; i < bad.Length; i++)
            Assert.StartsWith($"line {i + 3}: {bad[i].Error}", lines[i + 1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, all.Code);
        Assert.StartsWith($"tessera: {bad.Length} lines failed, the first of them line 3: {bad[0].Error}", all.Error, StringComparison.Ordinal);

        Finished one = await RunAsync(command, model, bad[^1].Line);
        Assert.Equal(1, one.Code);
        Assert.StartsWith($"tessera: line 1: {bad[^1].Error}", one.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", one.Error, StringComparison.Ordinal);
    }

    private async Task<Finished> RunAsync(string command, string model, string input) =>
        await TesseraProcess.RunWithAsync(input, command, Path.Combine(_folder.Path, model), "--config", _config);

    private static JsonElement[] Lines(Finished finished) => [.. finished.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l))];
}
