using System.Text;
using System.Text.Json;

namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>The shared reference data: every case of every file.</summary>
public class GoldenTests
{
    [Fact]
    public void No_folder_is_left_out()
    {
        Assert.Equal(Names(nameof(Every_case_of_a_real_file_is_met)), Folders("tokenizers-hf"));
        Assert.Equal(Names(nameof(Every_text_of_a_model_folder_is_met)), Folders("hf-models"));

        static IEnumerable<string> Folders(string name) =>
            Directory.GetDirectories(Shared.Require("fixtures", name)).Where(f => File.Exists(Path.Combine(f, "tokenizer.json"))).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);
        static IEnumerable<string> Names(string test) =>
            typeof(GoldenTests).GetMethod(test)!.GetCustomAttributes(false).OfType<InlineDataAttribute>().Select(a => (string)a.Data[0]!).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("llama3_1")]
    [InlineData("qwen3")]
    public void Every_case_of_a_real_file_is_met(string folder)
    {
        string path = Shared.Require("fixtures", "tokenizers-hf", folder);
        ITokenizer tokenizer = TokenizerFiles.Read(path);
        Mismatches wrong = new();
        int run = 0;
        string[] lines = File.ReadAllLines(Path.Combine(path, "cases.jsonl"));
        foreach (string line in lines)
        {
            run++;
            JsonElement item = JsonElement.Parse(line);
            int[] ids = Ids(item, "ids");
            string text = item.GetProperty("text").GetString()!;
            string decoded = item.GetProperty("decoded").GetString()!;
            wrong.Ids(text, ids, TokenizerFixtures.Encode(tokenizer, text, item.GetProperty("add_special").GetBoolean(), parseSpecial: true));
            wrong.Text(ids, decoded, Decode(tokenizer, ids, skipControl: false));
            wrong.Text(ids, item.TryGetProperty("decoded_skip_special", out JsonElement skipped) ? skipped.GetString()! : decoded, Decode(tokenizer, ids, skipControl: true));
        }
        FixtureCount.Print($"tokenizers-hf/{folder}", $"{run} cases");
        Assert.True(run > 0 && run == lines.Length);
        wrong.AssertNone(run);
    }

    [Theory]
    [InlineData("bert_cross_encoder")]
    [InlineData("bert_embedding")]
    [InlineData("gemma2")]
    [InlineData("gemma3_text")]
    [InlineData("gpt_oss")]
    [InlineData("llama2_bias")]
    [InlineData("llama3")]
    [InlineData("llama_sharded")]
    [InlineData("mistral")]
    [InlineData("mixtral")]
    [InlineData("phi3")]
    [InlineData("qwen2")]
    [InlineData("qwen2_yarn")]
    [InlineData("qwen3")]
    [InlineData("qwen3_moe")]
    [InlineData("xlm_roberta_embedding")]
    public void Every_text_of_a_model_folder_is_met(string folder)
    {
        string path = Shared.Require("fixtures", "hf-models", folder);
        ITokenizer tokenizer = TokenizerFiles.Read(path);
        JsonElement goldens = JsonElement.Parse(File.ReadAllText(Path.Combine(path, "goldens.json")));
        Mismatches wrong = new();
        (int plain, int conversations, int embedded) = (0, 0, 0);
        foreach (JsonElement item in goldens.GetProperty("tokenizer").EnumerateArray())
        {
            plain++;
            string text = item.GetProperty("text").GetString()!;
            int[] ids = Ids(item, "ids");
            wrong.Ids(text, ids, TokenizerFixtures.Encode(tokenizer, text, false, parseSpecial: true));
            wrong.Ids(text, Ids(item, "ids_with_special"), TokenizerFixtures.Encode(tokenizer, text, true, parseSpecial: true));
            wrong.Text(ids, item.GetProperty("decoded").GetString()!, Decode(tokenizer, ids, skipControl: false));
        }
        foreach (JsonElement item in Items(goldens, "text"))
        {
            conversations++;
            string text = item.GetProperty("text").GetString()!;
            wrong.Ids(text, Ids(item, "ids"), TokenizerFixtures.Encode(tokenizer, text, false, parseSpecial: true));
            int[] completion = Ids(item, "completion_ids");
            wrong.Text(completion, item.GetProperty("completion_text").GetString()!, Decode(tokenizer, completion, skipControl: false));
            wrong.Text(completion, item.GetProperty("completion_text_skip_special").GetString()!, Decode(tokenizer, completion, skipControl: true));
        }
        foreach (JsonElement item in Items(goldens, "texts"))
        {
            embedded++;
            int[] expected = Ids(item, "ids");
            int[] found = TokenizerFixtures.Encode(tokenizer, item.GetProperty("text").GetString()!, true, parseSpecial: true);
            // The reference cuts a long text and then ends it.
            if (found.Length > expected.Length && expected.Length == goldens.GetProperty("max_seq_length").GetInt32())
                found = [.. found[..(expected.Length - 1)], found[^1]];
            wrong.Ids(item.GetProperty("text").GetString()!, expected, found);
        }
        int run = plain + conversations + embedded;
        FixtureCount.Print($"hf-models/{folder}", $"{plain} texts, {conversations} conversations, {embedded} embedded texts, by tokenizer.json");
        Assert.Equal(23, plain);
        Assert.Equal(goldens.GetProperty("tokenizer").GetArrayLength() + Items(goldens, "text").Count() + Items(goldens, "texts").Count(), run);
        wrong.AssertNone(run);
    }

    private static IEnumerable<JsonElement> Items(JsonElement goldens, string name) =>
        goldens.TryGetProperty(name, out JsonElement items) ? items.EnumerateArray() : Enumerable.Empty<JsonElement>();

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(e => e.GetInt32())];

    private static string Decode(ITokenizer tokenizer, int[] ids, bool skipControl) => Encoding.UTF8.GetString(TokenizerFixtures.Decode(tokenizer, ids, skipControl));
}
