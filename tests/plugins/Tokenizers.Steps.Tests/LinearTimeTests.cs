using System.Text;
using Tessera.Tokenizer.Bpe;
using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizer.Bpe.Tests;
using Tessera.Tokenizer.Bpe.Tiktoken;
using Tessera.Tokenizer.Bpe.WordPiece;
using Tessera.Tokenizer.Hf.Tests;
using Tessera.Tokenizer.Spm;
using Tessera.Tokenizer.Spm.Tests;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizers.Steps.Tests;

/// <summary>A text twice as long takes twice as many steps, and no text many for its length: code points read and units written, trie steps,
/// bytes hashed, words and pairs looked up, instructions of patterns.</summary>
public class LinearTimeTests
{
    private const int Size = 20_000;

    // Twice, and what a heap's depth and the first words add.
    private const double MostGrowth = 2.2;

    private static readonly Dictionary<string, Func<int, string>> Texts = new()
    {
        ["one letter"] = n => new string('a', n),
        ["capitals"] = n => new string('A', n),
        ["spaces"] = n => new string(' ', n),
        ["spaces, then a letter"] = n => new string(' ', n - 1) + "x",
        ["line feeds"] = n => new string('\n', n),
        ["lines of spaces"] = n => string.Concat(Enumerable.Repeat("  \n", n / 3)),
        ["line feed, then spaces"] = n => "\n" + new string(' ', n - 1),
        ["digits"] = n => new string('7', n),
        ["digits, then a letter"] = n => new string('7', n - 1) + "x",
        ["quotes"] = n => new string('\'', n),
        ["dashes"] = n => new string('-', n),
        ["marks"] = n => new string('\u0301', n),
        ["Han"] = n => new string('中', n),
        ["letters and spaces"] = n => string.Concat(Enumerable.Repeat("a ", n / 2)),
        ["starts of sentinels"] = n => string.Concat(Enumerable.Repeat("<sentinel:1", n / 11)),
        ["starts of image tokens"] = n => string.Concat(Enumerable.Repeat("IMG", n / 3)),
        ["starts of tags"] = n => string.Concat(Enumerable.Repeat("<dna>", n / 5)),
        ["starts of special tokens"] = n => string.Concat(Enumerable.Repeat("<|im_start|", n / 11)),
        ["random code points"] = n => Random(n, 0x20000),
        ["random bytes"] = n => Random(n, 0x100),
    };

    public static TheoryData<string> TextNames => [.. Texts.Keys];

    private static string Random(int length, int end)
    {
        Random random = new(length);
        StringBuilder text = new();
        while (text.Length < length)
            if (Rune.TryCreate(random.Next(end), out Rune rune))
                text.Append(rune.ToString());
        return text.ToString();
    }

    [Theory]
    [MemberData(nameof(TextNames))]
    public void Every_pre_tokenizer_cuts_in_linear_time(string text)
    {
        string[] names =
        [
            "default", "gpt-2", "starcoder", "smollm", "falcon", "llama3", "glm4", "stablelm2", "qwen2", "qwen35", "ufakzeka", "seed-coder", "minicpm5", "laguna", "gpt-4o", "tekken",
            "deepseek-llm", "deepseek-coder", "deepseek-v3", "spark2_5", "afmoe", "youtu", "granite-embed-multi-97m", "tiny_aya", "kimi-k2", "superbpe", "exaone-moe", "jais-2",
            "chameleon", "gemma4", "sarvam-moe", "whitespace", "bloom", "viking",
        ];
        foreach (string name in names)
            Check($"{name} on {text}", text, 60, t =>
            {
                CodePoints points = new();
                points.Set(t);
                PreTokenizer.Named(name).Split(points, [], []);
            });
    }

    [Theory]
    [MemberData(nameof(TextNames))]
    public void Every_kind_encodes_in_linear_time(string text)
    {
        string[] merges = ["a a", "aa aa", "aaaa aaaa", "Ġ Ġ", "ĠĠ ĠĠ", "7 7", "77 77", "- -", "-- --", "' '", "A A", "Ċ Ċ"];
        (string, TokenKind)[] more = [("<|im_start|>", TokenKind.Control), ("<|im_end|>", TokenKind.UserDefined)];
        byte[] ranks = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 256).Select(b => $"{Convert.ToBase64String([(byte)b])} {b}\n")) + "YWE= 256\nYWFhYQ== 257\nICA= 258\n");
        Dictionary<string, ITokenizer> tokenizers = new()
        {
            ["gpt2"] = new BpeFactory().Create(TinyBpe.Assets(merges, more)),
            // One piece each: the longest words that there are.
            ["superbpe"] = new BpeFactory().Create(TinyBpe.Assets(merges, more, "superbpe")),
            ["tiktoken"] = new TiktokenFactory().Create(new TokenizerAssets
            {
                Model = "tiktoken",
                Tokens = [],
                Files = new Dictionary<string, byte[]> { ["x.tiktoken"] = ranks, ["tokenizer_config.json"] = """{"tokenizer_class": "QWenTokenizer"}"""u8.ToArray() },
            }),
            ["llama"] = Sentence(2, new string('a', 64)),
            ["unigram"] = Sentence(1, new string('a', 64)),
            // A token that crosses words: the text is merged as a whole.
            ["llama, whole"] = Sentence(2, "a▁a"),
            ["unigram, whole"] = Sentence(1, "a▁a"),
            ["hybriddna"] = new BpeFactory().Create(Dna(TinyBpe.Assets(merges, [.. more, ("<dna>", TokenKind.Normal), ("</dna>", TokenKind.Normal), ("<oov>", TokenKind.Normal), ("AAAAAA\uE000", TokenKind.Normal)]))),
            ["rwkv"] = new BpeFactory().Create(Pieces("rwkv", b => $"\\x{b:x2}", TokenKind.Normal, _ => 0)),
            ["bert"] = new WordPieceFactory().Create(Pieces("bert", b => $"<0x{b:X2}>", TokenKind.Byte, _ => 0)),
            ["plamo2"] = new SpmFactory().Create(Pieces("plamo2", b => $"<0x{b:X2}>", TokenKind.Byte, id => -id % 7)),
        };
        foreach ((string name, ITokenizer tokenizer) in tokenizers)
            Check($"{name} on {text}", text, 2000, t => TokenizerFixtures.Encode(tokenizer, t, parseSpecial: true));
    }

    [Theory]
    [MemberData(nameof(TextNames))]
    public void Every_model_and_step_of_a_tokenizer_json_takes_linear_time(string text)
    {
        const string Replace = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""";
        const string Marks = """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""";
        string long1 = new('a', 64);
        string[] tokens = ["?", "a", "aa", "aaaa", "▁", "▁▁", "▁▁▁▁", "▁a", "7", "77", "A", "'", "''", "-", "--", "<", "|", "i", "m", "\n", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>")];
        string[] merges = ["a a", "aa aa", "▁ ▁", "▁▁ ▁▁", "▁ a", "7 7", "' '", "- -"];
        string added = TinyFile.Added(900, "<|im_start|>", "\"special\":true") + "," + TinyFile.Added(901, "<|im_end|>", "\"normalized\":true,\"lstrip\":true,\"rstrip\":true,\"single_word\":true");
        string bpe = TinyFile.Bpe(tokens, merges, "\"unk_token\":\"?\",\"fuse_unk\":true");
        string bytes = TinyFile.Bpe(tokens, merges, "\"byte_fallback\":true");
        string crossing = TinyFile.Bpe([.. tokens, "a▁", "aaaa▁"], [.. merges, "a ▁"], "\"byte_fallback\":true");
        string unigram = $$"""{"type":"Unigram","unk_id":0,"vocab":[{{string.Join(',', tokens.Append(long1).Select((t, id) => $"[{System.Text.Json.JsonSerializer.Serialize(t)},{-id % 5}]"))}}],"byte_fallback":true}""";
        string wordPiece = $$"""{"type":"WordPiece","unk_token":"?","continuing_subword_prefix":"a","max_input_chars_per_word":1000000,"vocab":{{TinyFile.Ids([.. tokens, long1])}}}""";
        string normalizers = string.Join(',', new[]
        {
            "NFD", "NFC", "NFKD", "NFKC", "Lowercase", "StripAccents", "Nmt", "Strip", "BertNormalizer",
        }.Select(type => $$"""{"type":"{{type}}"}"""));
        Dictionary<string, string> files = new()
        {
            ["bpe, whole text"] = TinyFile.File(bpe, Replace, null, null, null, added),
            ["bpe, bytes"] = TinyFile.File(bytes, Replace, null, null, null, added),
            ["bpe, crossing"] = TinyFile.File(crossing, Replace, null, null, null, added),
            ["bpe, marks"] = TinyFile.File(bytes, null, Marks, null, null, added),
            ["bpe, pattern"] = TinyFile.File(bpe, null, """{"type":"Split","pattern":{"Regex":"(?:a|aa)+b|\\s+(?!\\S)|\\p{N}{1,3}|."},"behavior":"Isolated","invert":false}""", null, null, added),
            ["unigram"] = TinyFile.File(unigram, null, Marks, null, null, added),
            ["unigram, whole"] = TinyFile.File(unigram, Replace, null, null, null, added),
            ["wordpiece"] = TinyFile.File(wordPiece, null, """{"type":"BertPreTokenizer"}""", null, null, added),
            ["normalizers"] = TinyFile.File(bpe, $$"""{"type":"Sequence","normalizers":[{{normalizers}},{"type":"Prepend","prepend":"▁"},{{Replace}}]}""", null, null, null, added),
            ["pre-tokenizers"] = TinyFile.File(bpe, null, """{"type":"Sequence","pretokenizers":[{"type":"Digits"},{"type":"Punctuation"},{"type":"UnicodeScripts"},{"type":"FixedLength","length":9},{"type":"WhitespaceSplit"}]}""", null, null, added),
        };
        foreach ((string name, string file) in files)
        {
            ITokenizer tokenizer = TokenizerFiles.Parse(file);
            Check($"{name} on {text}", text, 2000, t => TokenizerFixtures.Encode(tokenizer, t, parseSpecial: true));
        }
    }

    // All bytes, and tokens of which some are as long as a walk may go.
    private static TokenizerAssets Pieces(string model, Func<int, string> spell, TokenKind kind, Func<int, float> score)
    {
        (string Spelling, TokenKind Kind)[] tokens =
        [
            ("<unk>", TokenKind.Unknown), ("<|im_start|>", TokenKind.Control), ("<|im_end|>", TokenKind.UserDefined), .. Enumerable.Range(0, 256).Select(b => (spell(b), kind)),
            .. ((string[])["a", "aa", "▁", "▁a", "  ", "7", "77", "''", "--", "AA", new string('a', 64), new string(' ', 64), new string('7', 63) + "8"]).Select(t => (t, TokenKind.Normal)),
        ];
        return new TokenizerAssets
        {
            Model = model,
            Tokens = [.. tokens.Select(t => Encoding.UTF8.GetBytes(t.Spelling))],
            Kinds = [.. tokens.Select(t => t.Kind)],
            Scores = [.. tokens.Select((_, id) => score(id))],
            Special = new Dictionary<SpecialToken, int> { [SpecialToken.Unknown] = 0 },
            AddBos = false,
            AddEos = false,
        };
    }

    private static TokenizerAssets Dna(TokenizerAssets a) => new() { Model = "hybriddna", PreTokenizer = a.PreTokenizer, Tokens = a.Tokens, Kinds = a.Kinds, Merges = a.Merges, AddBos = false };

    private static ITokenizer Sentence(ulong type, string more)
    {
        ModelWriter writer = new ModelWriter().Piece("<unk>", 0, TokenKind.Unknown).Piece("<|im_start|>", 0, TokenKind.Control).Piece("<|im_end|>", 0, TokenKind.UserDefined).Bytes().Trainer(3, type);
        foreach (string piece in (string[])["a", "aa", "aaaa", "▁", "▁▁", "▁▁▁▁", "▁a", "7", "77", "A", "'", "''", more])
            writer.Piece(piece, -piece.Length);
        return new SpmFactory().Create(new TokenizerAssets
        {
            Model = "sentencepiece",
            Tokens = [],
            Files = new Dictionary<string, byte[]> { ["tokenizer.model"] = writer.Map(("\t", " "), ("  ", " "), ("   x", "y")).Normalizer(4, false).ToBytes() },
        });
    }

    private static void Check(string what, string text, int mostSteps, Action<string> encode)
    {
        long Steps(int size)
        {
            StepCounter.Steps = 0;
            encode(Texts[text](size));
            return StepCounter.Steps;
        }
        Steps(100);
        (long half, long whole) = (Steps(Size), Steps(2 * Size));
        Assert.True(whole > 0 && whole <= MostGrowth * half + 1000, $"{what}: {half} steps for {Size}, {whole} for {2 * Size}");
        Assert.True(whole <= (long)mostSteps * 2 * Size, $"{what}: {whole} steps for {2 * Size}");
    }
}
