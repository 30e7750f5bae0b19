using System.Text;
using Tessera.Tokenizer.Bpe;
using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizer.Bpe.Tests;
using Tessera.Tokenizer.Bpe.Tiktoken;
using Tessera.Tokenizer.Spm;
using Tessera.Tokenizer.Spm.Tests;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizers.Steps.Tests;

/// <summary>A text twice as long takes twice as many steps, and no text many for its length: reads of code points, trie steps, bytes hashed, pairs queued.</summary>
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
        };
        foreach ((string name, ITokenizer tokenizer) in tokenizers)
            Check($"{name} on {text}", text, 2000, t => TokenizerFixtures.Encode(tokenizer, t, parseSpecial: true));
    }

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
