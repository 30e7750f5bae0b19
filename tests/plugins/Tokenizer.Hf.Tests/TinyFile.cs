using System.Text;
using System.Text.Json;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Normalizers;
using Tessera.Tokenizer.Hf.PreTokenizers;

namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>Small tokenizer.json files, put together from their parts.</summary>
internal static class TinyFile
{
    /// <summary>Words that are tokens; word n has id n, and the first is the unknown one.</summary>
    public static string Words(params string[] words) =>
        $$"""{"type":"WordLevel","unk_token":{{JsonSerializer.Serialize(words[0])}},"vocab":{{Ids(words)}}}""";

    /// <summary>BPE over some tokens, id by place; more fields may follow.</summary>
    public static string Bpe(string[] tokens, string[] merges, string more = "") =>
        $$"""{"type":"BPE","vocab":{{Ids(tokens)}},"merges":{{JsonSerializer.Serialize(merges)}}{{(more.Length == 0 ? "" : "," + more)}}}""";

    public static string Ids(string[] tokens) =>
        "{" + string.Join(',', tokens.Select((token, id) => $"{JsonSerializer.Serialize(token)}:{id}")) + "}";

    /// <summary>An added token.</summary>
    public static string Added(int id, string content, string more = "") =>
        $$"""{"id":{{id}},"content":{{JsonSerializer.Serialize(content)}}{{(more.Length == 0 ? "" : "," + more)}}}""";

    public static string File(string model, string? normalizer = null, string? pre = null, string? post = null, string? decoder = null, params string[] added) =>
        $$$"""
        {"version":"1.0","truncation":{"max_length":1},"padding":{"strategy":{"Fixed":64}},"added_tokens":[{{{string.Join(',', added)}}}],
        "normalizer":{{{normalizer ?? "null"}}},"pre_tokenizer":{{{pre ?? "null"}}},"post_processor":{{{post ?? "null"}}},"decoder":{{{decoder ?? "null"}}},"model":{{{model}}}}
        """;

    public static string Normalize(string normalizer, string text)
    {
        using JsonFile file = JsonFile.Parse(Encoding.UTF8.GetBytes(normalizer), "normalizer");
        TextBuffer buffer = new();
        Normalizer steps = NormalizerReader.Read(file.Root);
        // Twice: nothing of the first time must be left.
        string[] results = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            buffer.Set(text);
            steps.Apply(buffer);
            return buffer.Text.ToString();
        })];
        Assert.Equal(results[0], results[1]);
        return results[0];
    }

    public static string[] Split(string preTokenizer, string text, bool startsText = true)
    {
        using JsonFile file = JsonFile.Parse(Encoding.UTF8.GetBytes(preTokenizer), "pre_tokenizer");
        List<PieceStage> stages = [];
        PreTokenizerReader.Read(file.Root, stages);
        PieceBuffer pieces = new();
        pieces.Set(text, startsText);
        foreach (PieceStage stage in stages)
            stage.Apply(pieces);
        List<string> found = [];
        int start = 0;
        foreach (int end in pieces.Ends)
        {
            byte[] utf8 = new byte[4 * (end - start)];
            found.Add(Encoding.UTF8.GetString(utf8, 0, pieces.Text.WriteUtf8(start, end, utf8)));
            start = end;
        }
        return [.. found];
    }

    public static string Decode(ITokenizer tokenizer, bool skipControl, params int[] ids) =>
        Encoding.UTF8.GetString(TokenizerFixtures.Decode(tokenizer, ids, skipControl));

    public static int[] Encode(ITokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = true, params int[] breaks) =>
        TokenizerFixtures.Encode(tokenizer, text, addSpecial, parseSpecial, breaks);
}
