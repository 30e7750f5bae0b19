using System.Text;
using System.Text.Json;

namespace Tessera.Tokenizer.Spm.Tests;

public class UnigramTokenizerTests
{
    private static readonly (string Spelling, float Score, TokenKind Kind)[] Base =
    [
        ("<pad>", 0, TokenKind.Control), ("</s>", 0, TokenKind.Control), ("<unk>", 0, TokenKind.Unknown),
        ("▁", -4, TokenKind.Normal), ("a", -5, TokenKind.Normal), ("b", -5, TokenKind.Normal), ("▁a", -2, TokenKind.Normal), ("ab", -3, TokenKind.Normal), ("é", -6, TokenKind.Normal),
        ("<x>", 0, TokenKind.UserDefined), ("bb", -20, TokenKind.Unused),
    ];

    private static ITokenizer Create(bool? prefix = true, bool? merge = true, bool? addEos = null, byte[]? map = null, float[]? scores = null) => new SpmFactory().Create(new TokenizerAssets
    {
        Model = "t5",
        Tokens = [.. Base.Select(t => Encoding.UTF8.GetBytes(t.Spelling))],
        Scores = scores ?? [.. Base.Select(t => t.Score)],
        Kinds = [.. Base.Select(t => t.Kind)],
        AddSpacePrefix = prefix,
        RemoveExtraWhitespaces = merge,
        AddEos = addEos,
        PrecompiledCharsMap = map ?? [],
    });

    // Without BOS, as T5, and with EOS at the end.
    [Theory]
    [InlineData(null, new[] { 4, 1, 5, 1 })]
    [InlineData(true, new[] { 4, 1, 1, 5, 1 })]
    public void The_file_says_how_two_texts_are_kept_apart(bool? addSep, int[] expected)
    {
        IPairTokenizer tokenizer = (IPairTokenizer)new SpmFactory().Create(new TokenizerAssets
        {
            Model = "t5", Tokens = [.. Base.Select(t => Encoding.UTF8.GetBytes(t.Spelling))], Scores = [.. Base.Select(t => t.Score)], Kinds = [.. Base.Select(t => t.Kind)], AddSep = addSep,
        });
        List<int> ids = [];
        tokenizer.JoinPair([4], [5], ids, []);
        Assert.Equal(expected, ids);
        Assert.Equal(expected.Length - 2, tokenizer.PairTokens);
    }

    private static string Pieces(ITokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = false) =>
        string.Join('|', TokenizerFixtures.Encode(tokenizer, text, addSpecial, parseSpecial).Select(id => Encoding.UTF8.GetString(tokenizer.Piece(id))));

    [Theory]
    [InlineData(true, true, "a", " a")]
    [InlineData(true, true, "  ab   a ", " |ab| a")]
    [InlineData(true, false, " a  ab", " | a| | |ab")]
    [InlineData(true, false, "a a ", " a| a| ")]
    [InlineData(false, false, "a a", "a| a")]
    [InlineData(false, true, "a  a", " a| a")]
    [InlineData(null, null, "a  a", "a| | a")]
    [InlineData(true, true, "   ", "")]
    [InlineData(true, true, "xyz x", " |<unk>| |<unk>")]
    [InlineData(true, true, "a<x>a", " a|<x>| a")]
    [InlineData(true, true, "bb", " |b|b")]
    public void Spaces_and_pieces_are_those_of_llama_cpp(bool? prefix, bool? merge, string text, string pieces) => Assert.Equal(pieces, Pieces(Create(prefix, merge), text));

    [Fact]
    public void EOS_follows_a_text_unless_the_file_says_otherwise()
    {
        Assert.Equal(" a|</s>", Pieces(Create(), "a", addSpecial: true));
        Assert.Equal(" a", Pieces(Create(addEos: false), "a", addSpecial: true));
        Assert.Equal("</s>| a", Pieces(Create(), "</s>a", parseSpecial: true));
    }

    [Fact]
    public void The_character_map_comes_first()
    {
        ITokenizer tokenizer = Create(map: CharsMapWriter.Write(("e\u0301", "é"), ("Ａ", "a"), ("\u3000", " "), ("\u00AD", "")));
        Assert.Equal(" |é| a", Pieces(tokenizer, "e\u0301\u3000\u3000Ａ\u00AD"));
    }

    [Fact]
    public void A_score_that_is_no_number_is_refused()
    {
        float[] scores = [.. Base.Select(t => t.Score)];
        scores[4] = float.NegativeInfinity;
        Assert.Contains("token 4", Assert.Throws<ModelFormatException>(() => Create(scores: scores)).Message);
        Assert.Contains("scores", Assert.Throws<ModelFormatException>(() => Create(scores: [])).Message);
    }

    // A walk as long as the text from each of its positions would take for ever.
    [Fact]
    public void A_piece_longer_than_any_word_is_refused()
    {
        TokenizerAssets Assets(int length) => new() { Model = "t5", Tokens = [.. "<pad> </s> <unk> a".Split(' ').Append(new string('a', length)).Select(Encoding.UTF8.GetBytes)], Scores = [0, 0, 0, -1, -2] };
        Assert.Equal(5, new SpmFactory().Create(Assets(1024)).VocabularySize);
        Assert.Contains("token 4 is 1025 bytes long", Assert.Throws<ModelFormatException>(() => new SpmFactory().Create(Assets(1025))).Message);
    }

    // XLM-R as a GGUF has it: the vocabulary, the scores and the character map of its tokenizer.json.
    [Fact]
    public void Every_text_of_the_XLM_R_goldens_has_its_ids()
    {
        string folder = Shared.Require("fixtures", "hf-models", "xlm_roberta_embedding");
        JsonElement json = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer.json")));
        JsonElement[] vocabulary = [.. json.GetProperty("model").GetProperty("vocab").EnumerateArray()];
        int unknown = json.GetProperty("model").GetProperty("unk_id").GetInt32();
        Dictionary<int, TokenKind> added = json.GetProperty("added_tokens").EnumerateArray().ToDictionary(t => t.GetProperty("id").GetInt32(), _ => TokenKind.Control);
        ITokenizer tokenizer = new SpmFactory().Create(new TokenizerAssets
        {
            Model = "t5",
            Tokens = [.. vocabulary.Select(v => Encoding.UTF8.GetBytes(v[0].GetString()!))],
            Scores = [.. vocabulary.Select(v => (float)v[1].GetDouble())],
            Kinds = [.. vocabulary.Select((_, id) => id == unknown ? TokenKind.Unknown : added.GetValueOrDefault(id, TokenKind.Normal))],
            Special = new Dictionary<SpecialToken, int> { [SpecialToken.Bos] = 0, [SpecialToken.Eos] = 2, [SpecialToken.Unknown] = unknown },
            AddBos = true,
            AddSpacePrefix = true,
            RemoveExtraWhitespaces = true,
            PrecompiledCharsMap = Convert.FromBase64String(Map(json.GetProperty("normalizer"))!),
        });
        JsonElement goldens = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "goldens.json")));
        List<string> wrong = [];
        int run = 0;
        foreach (JsonElement item in goldens.GetProperty("texts").EnumerateArray())
        {
            run++;
            int[] expected = [.. item.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
            int[] ids = TokenizerFixtures.Encode(tokenizer, item.GetProperty("text").GetString()!, addSpecial: true);
            // Longer texts are cut off at the model's length, before EOS.
            if (ids.Length > expected.Length)
                ids = [.. ids[..(expected.Length - 1)], ids[^1]];
            if (!ids.SequenceEqual(expected))
                wrong.Add($"{item.GetProperty("text").GetRawText()}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', ids)}");
        }
        Assert.Equal(goldens.GetProperty("texts").GetArrayLength(), run);
        Assert.True(run > 0 && wrong.Count == 0, $"{wrong.Count} mismatches in {run} cases:\n{string.Join('\n', wrong.Take(8))}");
    }

    private static string? Map(JsonElement normalizer)
    {
        if (normalizer.TryGetProperty("precompiled_charsmap", out JsonElement map))
            return map.GetString();
        return normalizer.TryGetProperty("normalizers", out JsonElement all) ? all.EnumerateArray().Select(Map).FirstOrDefault(m => m is not null) : null;
    }
}
