using System.Text;
using System.Text.Json;
using Tessera.Abstractions.Tokenizers;
using Xunit;

namespace Tessera.TestSupport;

/// <summary>Runs a tokenizer over the golden files of <c>fixtures/tokenizers-gguf</c>.</summary>
public static class TokenizerFixtures
{
    /// <summary>Every line of <c>NAME.jsonl</c>: ids and detokenization. Code points that Unicode 14 does not assign are not judged.</summary>
    public static void Check(ITokenizer tokenizer, string name)
    {
        List<string> wrong = [];
        int run = 0, unassigned = 0;
        string[] lines = File.ReadAllLines(Shared.Require("fixtures", "tokenizers-gguf", name + ".jsonl"));
        foreach (string line in lines)
        {
            JsonElement item = JsonElement.Parse(line);
            if (item.TryGetProperty("has_unassigned_code_points", out _))
            {
                unassigned++;
                continue;
            }
            run++;
            int[] expected = Ids(item, "ids");
            int[] ids = Encode(tokenizer, item, item.GetProperty("parse_special").GetBoolean());
            if (!ids.SequenceEqual(expected))
                wrong.Add($"{item.GetProperty("category")} {item.GetProperty("text").GetRawText()}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', ids)}");
            string detok = item.GetProperty("detok").ValueKind == JsonValueKind.Null
                ? item.GetProperty("detok_hex").GetString()!
                : Convert.ToHexStringLower(Encoding.UTF8.GetBytes(item.GetProperty("detok").GetString()!));
            string found = Convert.ToHexStringLower(Decode(tokenizer, expected, skipControl: false));
            if (found != detok)
                wrong.Add($"detok of {string.Join(' ', expected)}\n  expected {detok}\n  found    {found}");
        }
        FixtureCount.Print($"tokenizers-gguf/{name}.jsonl", $"{run} cases, {unassigned} not judged");
        Report(wrong, run, lines.Length - unassigned);
    }

    /// <summary>Every line of <c>NAME.hf.jsonl</c>: ids.</summary>
    public static void CheckHuggingFace(ITokenizer tokenizer, string name)
    {
        List<string> wrong = [];
        string[] lines = File.ReadAllLines(Shared.Require("fixtures", "tokenizers-gguf", name + ".hf.jsonl"));
        foreach (string line in lines)
        {
            JsonElement item = JsonElement.Parse(line);
            int[] expected = Ids(item, "ids");
            int[] ids = Encode(tokenizer, item, parseSpecial: false);
            if (!ids.SequenceEqual(expected))
                wrong.Add($"{item.GetProperty("text").GetRawText()}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', ids)}");
        }
        FixtureCount.Print($"tokenizers-gguf/{name}.hf.jsonl", $"{lines.Length} cases");
        Report(wrong, lines.Length, 47);
    }

    /// <summary>The vocabularies of the folder that a factory creates tokenizers from; each must be of one of the kinds that the tests know.</summary>
    public static string[] Of(params ITokenizerFactory[] factories) =>
        [.. Directory.GetFiles(Shared.Require("fixtures", "tokenizers-gguf"), "*.gguf").Where(file =>
        {
            TokenizerAssets assets = TestGguf.ReadTokenizer(file);
            Assert.Contains(assets.Model, (string[])["llama", "gpt2", "bert"]);
            return factories.Any(f => f.CanCreate(assets));
        }).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>The bytes of a whole stream of tokens.</summary>
    public static byte[] Decode(ITokenizer tokenizer, ReadOnlySpan<int> ids, bool skipControl)
    {
        ITokenDecoder decoder = tokenizer.CreateDecoder(skipControl);
        byte[] buffer = new byte[decoder.MaxBytes];
        List<byte> bytes = [];
        foreach (int id in ids)
            bytes.AddRange(buffer.AsSpan(0, decoder.Append(id, buffer)));
        bytes.AddRange(buffer.AsSpan(0, decoder.Finish(buffer)));
        return [.. bytes];
    }

    /// <summary>The ids of a text.</summary>
    public static int[] Encode(ITokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = false, params int[] breaks)
    {
        List<int> ids = [];
        tokenizer.Encode(text, new EncodeOptions { AddSpecial = addSpecial, ParseSpecial = parseSpecial, SpecialBreaks = breaks }, ids);
        return [.. ids];
    }

    private static int[] Encode(ITokenizer tokenizer, JsonElement item, bool parseSpecial) =>
        Encode(tokenizer, item.GetProperty("text").GetString()!, item.GetProperty("add_special").GetBoolean(), parseSpecial);

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(e => e.GetInt32())];

    private static void Report(List<string> wrong, int run, int expected)
    {
        Assert.True(run > 0 && run == expected, $"ran {run} cases of {expected}");
        Assert.True(wrong.Count == 0, $"{wrong.Count} mismatches in {run} cases:\n{string.Join('\n', wrong.Take(8))}");
    }
}
