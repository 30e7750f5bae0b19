using System.Text;
using System.Text.Json;

namespace Tessera.Tokenizer.Bpe.Tests;

/// <summary>Vocabularies of tokenizer.json as byte-level BPE assets, against the goldens for those files.</summary>
public class HuggingFaceVocabularyTests
{
    [Theory]
    // Spaces before punctuation are taken back unless control tokens are skipped.
    [InlineData("llama3_1", "llama-bpe", true, 377, 0)]
    // 13 cases need Unicode normalization (NFC), which assets cannot express, or treat </s> as plain text.
    [InlineData("qwen3", "qwen2", false, 387, 13)]
    public void Every_case_on_which_both_oracles_agree_is_met(string folder, string preTokenizer, bool skipControl, int expectedCases, int expectedSkipped)
    {
        ITokenizer tokenizer = new BpeFactory().Create(Assets(Shared.Require("fixtures", "tokenizers-hf", folder, "tokenizer.json"), preTokenizer));
        List<string> wrong = [];
        int run = 0, skipped = 0;
        foreach (string line in File.ReadLines(Shared.Require("fixtures", "tokenizers-hf", folder, "cases.jsonl")))
        {
            JsonElement item = JsonElement.Parse(line);
            if (!item.GetProperty("second_oracle_agrees").GetBoolean())
            {
                skipped++;
                continue;
            }
            run++;
            string text = item.GetProperty("text").GetString()!;
            int[] expected = [.. item.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
            int[] ids = TokenizerFixtures.Encode(tokenizer, text, item.GetProperty("add_special").GetBoolean(), parseSpecial: true);
            if (!ids.SequenceEqual(expected))
                wrong.Add($"{item.GetProperty("text").GetRawText()}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', ids)}");
            string decoded = (skipControl && item.TryGetProperty("decoded_skip_special", out JsonElement skip) ? skip : item.GetProperty("decoded")).GetString()!;
            string found = Encoding.UTF8.GetString(TokenizerFixtures.Decode(tokenizer, expected, skipControl));
            if (found != decoded)
                wrong.Add($"decoded\n  expected {decoded}\n  found    {found}");
        }
        Assert.Equal((expectedCases, expectedSkipped), (run, skipped));
        Assert.True(wrong.Count == 0, $"{wrong.Count} mismatches in {run} cases:\n{string.Join('\n', wrong.Take(8))}");
    }

    private static TokenizerAssets Assets(string path, string preTokenizer)
    {
        JsonElement root = JsonElement.Parse(File.ReadAllText(path));
        JsonElement model = root.GetProperty("model");
        Dictionary<int, (string Spelling, TokenKind Kind)> tokens = model.GetProperty("vocab").EnumerateObject()
            .ToDictionary(p => p.Value.GetInt32(), p => (p.Name, TokenKind.Normal));
        foreach (JsonElement added in root.GetProperty("added_tokens").EnumerateArray())
            tokens[added.GetProperty("id").GetInt32()] =
                (added.GetProperty("content").GetString()!, added.GetProperty("special").GetBoolean() ? TokenKind.Control : TokenKind.UserDefined);
        int begin = tokens.FirstOrDefault(t => t.Value.Spelling == "<|begin_of_text|>").Key;
        return new TokenizerAssets
        {
            Model = "gpt2",
            PreTokenizer = preTokenizer,
            Tokens = [.. Enumerable.Range(0, tokens.Count).Select(id => Encoding.UTF8.GetBytes(tokens[id].Spelling))],
            Kinds = [.. Enumerable.Range(0, tokens.Count).Select(id => tokens[id].Kind)],
            Merges = [.. model.GetProperty("merges").EnumerateArray().Select(m => m.ValueKind == JsonValueKind.String ? m.GetString()! : $"{m[0]} {m[1]}")],
            Special = begin == 0 ? [] : new Dictionary<SpecialToken, int> { [SpecialToken.Bos] = begin },
        };
    }
}
