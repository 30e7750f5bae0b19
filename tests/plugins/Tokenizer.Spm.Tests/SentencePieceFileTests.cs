using System.Text;
using System.Text.Json;

namespace Tessera.Tokenizer.Spm.Tests;

public class SentencePieceFileTests
{
    private const ulong Unigram = 1, Bpe = 2;

    private static ITokenizer Create(byte[] file, string? config = null)
    {
        Dictionary<string, byte[]> files = new() { ["tokenizer.model"] = file };
        if (config is not null)
            files["tokenizer_config.json"] = Encoding.UTF8.GetBytes(config);
        TokenizerAssets assets = new() { Model = "sentencepiece", Tokens = [], Files = files };
        SpmFactory factory = new();
        Assert.True(factory.CanCreate(assets));
        return factory.Create(assets);
    }

    private static ModelWriter Base(ulong type) => new ModelWriter().Piece("<unk>", 0, TokenKind.Unknown).Piece("<s>", 0, TokenKind.Control).Piece("</s>", 0, TokenKind.Control)
        .Piece("▁", -4).Piece("a", -5).Piece("b", -5).Piece("c", -5).Piece("▁a", -2).Piece("ab", -3).Piece("bc", -2.5f).Piece("fi", -1).Piece("f", -6).Piece("i", -6)
        .Piece("<mask>", 0, TokenKind.UserDefined).Trainer(3, type);

    private static string Pieces(ITokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = false) =>
        string.Join('|', TokenizerFixtures.Encode(tokenizer, text, addSpecial, parseSpecial).Select(id => Encoding.UTF8.GetString(tokenizer.Piece(id))));

    [Theory]
    [InlineData(Bpe, "abc", " a|bc")]
    [InlineData(Bpe, "aabc", " a|a|bc")]
    [InlineData(Bpe, "a a", " a| a")]
    [InlineData(Bpe, "", "")]
    [InlineData(Bpe, " ", "")]
    [InlineData(Bpe, "  a   a  ", " a| a")]
    [InlineData(Bpe, "a<mask>b", " a|<mask>|b")]
    [InlineData(Bpe, "a <mask> <mask>", " a| |<mask>| |<mask>")]
    [InlineData(Bpe, "axyb", " a|<unk>|b")]
    [InlineData(Bpe, "x y", " |<unk>| |<unk>")]
    [InlineData(Unigram, "abc", " a|bc")]
    [InlineData(Unigram, "cab", " |c|ab")]
    [InlineData(Unigram, "  a   a  ", " a| a")]
    [InlineData(Unigram, "a<mask>b", " a|<mask>|b")]
    [InlineData(Unigram, "axyb", " a|<unk>|b")]
    [InlineData(Unigram, "<mas<mask>", " |<unk>|a|<unk>|<mask>")]
    public void A_text_is_spelled_as_the_model_s_type_says(ulong type, string text, string pieces) => Assert.Equal(pieces, Pieces(Create(Base(type).ToBytes()), text));

    [Theory]
    [InlineData(Bpe)]
    [InlineData(Unigram)]
    public void Spaces_are_kept_escaped_and_put_in_front_as_the_normalizer_says(ulong type)
    {
        Assert.Equal("a| a", Pieces(Create(Base(type).Normalizer(3, false).ToBytes()), " a  a "));
        Assert.Equal(" | a| | a| ", Pieces(Create(Base(type).Normalizer(4, false).ToBytes()), " a  a "));
        Assert.Equal("a|<unk>|a", Pieces(Create(Base(type).Normalizer(5, false).Normalizer(3, false).ToBytes()), "a a"));
        Assert.Equal("a| a| ", Pieces(Create(Base(type).Trainer(24, 1).ToBytes()), "a a"));
    }

    [Theory]
    [InlineData(Bpe)]
    [InlineData(Unigram)]
    public void The_character_map_rewrites_a_text_but_not_user_defined_pieces(ulong type)
    {
        ITokenizer tokenizer = Create(Base(type).Piece("ﬁx", 0, TokenKind.UserDefined).Map(("ﬁ", "fi"), ("\t", " "), ("\u200B", ""), ("Ａ", "a"), ("…", "   ")).ToBytes());
        Assert.Equal(" |fi", Pieces(tokenizer, "ﬁ"));
        Assert.Equal(" a| a", Pieces(tokenizer, "\tＡ\t \u200B\ta…"));
        Assert.Equal(" |ﬁx|fi", Pieces(tokenizer, "ﬁxﬁ"));
    }

    [Theory]
    [InlineData(Bpe)]
    [InlineData(Unigram)]
    public void Byte_tokens_spell_what_no_piece_covers(ulong type)
    {
        ITokenizer tokenizer = Create(Base(type).Bytes().ToBytes());
        int[] ids = TokenizerFixtures.Encode(tokenizer, "a é😀");
        Assert.Equal(8, ids.Length);
        Assert.Equal("a é😀"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: false));
        Assert.Equal(TokenizerFixtures.Encode(tokenizer, "\uFFFD"), TokenizerFixtures.Encode(tokenizer, "\uD83D"));
    }

    [Fact]
    public void BOS_and_EOS_are_as_the_configuration_says_else_as_the_type_has_it()
    {
        Assert.Equal("<s>| a", Pieces(Create(Base(Bpe).ToBytes()), "a", addSpecial: true));
        Assert.Equal(" a|</s>", Pieces(Create(Base(Unigram).ToBytes()), "a", addSpecial: true));
        Assert.Equal(" a|</s>", Pieces(Create(Base(Bpe).ToBytes(), """{"add_bos_token": false, "add_eos_token": true}"""), "a", addSpecial: true));
        Assert.Equal(" a", Pieces(Create(Base(Unigram).Trainer(47, "<stop>").ToBytes()), "a", addSpecial: true));
        Assert.Equal("<s>| a|</s>", Pieces(Create(Base(Bpe).ToBytes()), "<s>a</s>", parseSpecial: true));
        Assert.DoesNotContain("<s>", Pieces(Create(Base(Bpe).ToBytes()), "<s>a"), StringComparison.Ordinal);
    }

    [Fact]
    public void Added_tokens_of_the_configuration_follow_the_pieces()
    {
        const string Config = """{"added_tokens_decoder": {"1": {"content": "<s>", "special": true}, "16": {"content": "<|go|>", "special": true, "rstrip": true}, "14": {"content": "\n\n", "special": false}}}""";
        ITokenizer tokenizer = Create(Base(Bpe).ToBytes(), Config);
        Assert.Equal(17, tokenizer.VocabularySize);
        Assert.Equal((TokenKind.Control, TokenKind.UserDefined, TokenKind.Unused), (tokenizer.Kind(16), tokenizer.Kind(14), tokenizer.Kind(15)));
        Assert.Equal(" a|\n\n| a|<|go|>| a", Pieces(tokenizer, "a\n\na<|go|>  \na", parseSpecial: true));
        Assert.Contains("'<|x|>' has id 5", Assert.Throws<ModelFormatException>(() => Create(Base(Bpe).ToBytes(), """{"added_tokens_decoder": {"5": {"content": "<|x|>"}}}""")).Message);
        Assert.Contains("2000000000", Assert.Throws<ModelFormatException>(() => Create(Base(Bpe).ToBytes(), """{"added_tokens_decoder": {"2000000000": {"content": "<|x|>"}}}""")).Message);
        Assert.Contains("add_bos_token", Assert.Throws<ModelFormatException>(() => Create(Base(Bpe).ToBytes(), """{"add_bos_token": 1}""")).Message);
    }

    [Theory]
    [InlineData(3, "type 3")]
    [InlineData(4, "type 4")]
    [InlineData(9, "type 9")]
    public void Other_types_are_refused_by_number(ulong type, string says) =>
        Assert.Contains(says, Assert.Throws<UnsupportedModelException>(() => Create(Base(type).ToBytes())).Message);

    [Fact]
    public void Unused_pieces_are_never_written_by_a_unigram_model_and_refused_in_a_BPE_one()
    {
        Assert.Equal(" a|bc", Pieces(Create(Base(Unigram).Piece("▁abc", -0.1f, TokenKind.Unused).ToBytes()), "abc"));
        Assert.Contains("piece 14", Assert.Throws<UnsupportedModelException>(() => Create(Base(Bpe).Piece("▁abc", -0.1f, TokenKind.Unused).ToBytes())).Message);
    }

    [Fact]
    public void A_broken_file_is_refused_wherever_it_is_cut_or_flipped()
    {
        byte[] file = Base(Bpe).Map(("ﬁ", "fi")).ToBytes();
        int refused = 0;
        for (int length = 0; length < file.Length; length++)
            refused += Refused(file[..length]);
        Random random = new(1);
        for (int i = 0; i < 5000; i++)
        {
            byte[] flipped = (byte[])file.Clone();
            flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
            refused += Refused(flipped);
        }
        Assert.InRange(refused, 500, 6000);
        Assert.Contains("no pieces", Assert.Throws<ModelFormatException>(() => Create([])).Message);
    }

    private static int Refused(byte[] file)
    {
        try
        {
            TokenizerFixtures.Encode(Create(file), "ﬁ abc <mask>");
            return 0;
        }
        catch (TesseraException)
        {
            return 1;
        }
    }

    [Fact]
    public void Every_text_and_every_conversation_of_a_model_folder_has_its_ids()
    {
        string folder = Shared.Require("fixtures", "hf-models", "llama2_bias");
        ITokenizer tokenizer = Create(File.ReadAllBytes(Path.Combine(folder, "tokenizer.model")), File.ReadAllText(Path.Combine(folder, "tokenizer_config.json")));
        JsonElement goldens = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "goldens.json")));
        List<string> wrong = [];
        int run = 0;
        foreach (JsonElement item in goldens.GetProperty("tokenizer").EnumerateArray())
        {
            run++;
            string text = item.GetProperty("text").GetString()!;
            int[] ids = Ids(item, "ids");
            Compare(text, ids, TokenizerFixtures.Encode(tokenizer, text), wrong);
            Compare(text, Ids(item, "ids_with_special"), TokenizerFixtures.Encode(tokenizer, text, addSpecial: true), wrong);
            string decoded = Encoding.UTF8.GetString(TokenizerFixtures.Decode(tokenizer, ids, skipControl: false));
            if (decoded != item.GetProperty("decoded").GetString())
                wrong.Add($"decoded {item.GetProperty("decoded").GetRawText()}\n  found {decoded}");
        }
        Assert.Equal(23, run);
        (int conversations, int completions) = (0, 0);
        foreach (JsonElement item in goldens.GetProperty("text").EnumerateArray())
        {
            conversations++;
            Compare(item.GetProperty("text").GetString()!, Ids(item, "ids"), TokenizerFixtures.Encode(tokenizer, item.GetProperty("text").GetString()!, parseSpecial: true), wrong);
            // Of a run of bytes that is not all UTF-8 the reference, which is tokenizers, replaces every byte; SentencePiece those that are none.
            if (item.GetProperty("completion_text").GetString()!.Contains('\uFFFD', StringComparison.Ordinal))
                continue;
            completions++;
            foreach ((bool skip, string key) in new[] { (false, "completion_text"), (true, "completion_text_skip_special") })
            {
                string decoded = Encoding.UTF8.GetString(TokenizerFixtures.Decode(tokenizer, Ids(item, "completion_ids"), skip));
                if (decoded != item.GetProperty(key).GetString())
                    wrong.Add($"{key} {item.GetProperty(key).GetRawText()}\n  found {decoded}");
            }
        }
        Assert.Equal(6, conversations);
        Assert.Equal(2, completions);
        FixtureCount.Print("hf-models/llama2_bias", $"{run} texts, {conversations} conversations, {completions} completions, by tokenizer.model");
        Assert.True(wrong.Count == 0, $"{wrong.Count} mismatches in {run + conversations} cases:\n{string.Join('\n', wrong.Take(8))}");
    }

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(e => e.GetInt32())];

    private static void Compare(string text, int[] expected, int[] found, List<string> wrong)
    {
        if (!expected.SequenceEqual(found))
            wrong.Add($"{JsonSerializer.Serialize(text)}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', found)}");
    }
}
