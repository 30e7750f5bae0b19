using System.Text;
using System.Text.Json;
using Tessera.Tokenizer.Bpe;
using Tessera.Tokenizer.Hf;
using Tessera.Tokenizer.Spm;

namespace Tessera.Tokenizers.Bench;

/// <summary>The tokenizers that one tokenizer.json makes: its own, and the kind that a GGUF of the same model has.</summary>
internal static class Vocabulary
{
    public static IEnumerable<(string Name, ITokenizer Tokenizer)> Read(string path, string preTokenizer)
    {
        byte[] json = File.ReadAllBytes(path);
        JsonElement root = JsonElement.Parse(json);
        JsonElement model = root.GetProperty("model");
        if (model.GetProperty("type").GetString() == "BPE")
        {
            bool bytes = model.TryGetProperty("byte_fallback", out JsonElement fallback) && fallback.ValueKind == JsonValueKind.True;
            TokenizerAssets assets = Assets(root, model, bytes ? "llama" : "gpt2", preTokenizer);
            yield return bytes ? ("tokenizer.spm", new SpmFactory().Create(assets)) : ("tokenizer.bpe", new BpeFactory().Create(assets));
        }
        yield return ("tokenizer.hf", new HfFactory().Create(new TokenizerAssets { Model = "hf", Tokens = [], Files = new Dictionary<string, byte[]> { ["tokenizer.json"] = json } }));
    }

    private static TokenizerAssets Assets(JsonElement root, JsonElement model, string kind, string preTokenizer)
    {
        Dictionary<int, (string Spelling, TokenKind Kind)> tokens = model.GetProperty("vocab").EnumerateObject().ToDictionary(p => p.Value.GetInt32(),
            p => (p.Name, kind == "llama" && p.Name.Length == 6 && p.Name.StartsWith("<0x", StringComparison.Ordinal) ? TokenKind.Byte : TokenKind.Normal));
        foreach (JsonElement added in root.GetProperty("added_tokens").EnumerateArray())
            tokens[added.GetProperty("id").GetInt32()] = (added.GetProperty("content").GetString()!, added.GetProperty("special").GetBoolean() ? TokenKind.Control : TokenKind.UserDefined);
        string[] merges = [.. model.GetProperty("merges").EnumerateArray().Select(m => m.ValueKind == JsonValueKind.String ? m.GetString()! : $"{m[0]} {m[1]}")];
        // A SentencePiece BPE model's merges are listed by the scores of what they make.
        Dictionary<string, int> ranks = [];
        for (int rank = 0; rank < merges.Length; rank++)
            ranks.TryAdd(merges[rank].Replace(" ", "", StringComparison.Ordinal), rank);
        return new TokenizerAssets
        {
            Model = kind,
            PreTokenizer = preTokenizer,
            Tokens = [.. Enumerable.Range(0, tokens.Count).Select(id => Encoding.UTF8.GetBytes(tokens[id].Spelling))],
            Kinds = [.. Enumerable.Range(0, tokens.Count).Select(id => tokens[id].Kind)],
            Scores = kind == "llama" ? [.. Enumerable.Range(0, tokens.Count).Select(id => -(float)ranks.GetValueOrDefault(tokens[id].Spelling, merges.Length))] : [],
            Merges = merges,
            AddBos = false,
        };
    }
}
