using System.Text;
using System.Text.RegularExpressions;
using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Bpe.Tests;

public class PreTokenizerTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Bloom = @" ?[^(\s|.,!?…。，、।۔،)]+";
    private const string U = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string V = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string HanAndKana = "[一-龥぀-ゟ゠-ヿ]+";
    private const string EastAsian = "[一-龥ࠀ-一가-\uD7FF]+";

    // The patterns of the models' tokenizer.json, run by .NET's own engine: in the BMP it reads \p and \s as they do.
    public static TheoryData<string, string[]> Patterns => new()
    {
        { "gpt-2", [Gpt2] },
        { "starcoder", [@"\p{N}", Gpt2] },
        { "smollm", [@"\p{N}", Gpt2] },
        { "falcon", [@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]"] },
        { "default", [@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"] },
        { "llama-bpe", [Llama3] },
        { "chatglm-bpe", [Llama3] },
        { "qwen2", [Qwen2] },
        { "bailingmoe", [@"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"] },
        { "qwen35", [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "ufakzeka", [@"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "seed-coder", [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "minicpm5", [@"\p{N}{1,3}", Llama3.Replace("{1,3}", "+", StringComparison.Ordinal)] },
        { "laguna", [@"[^\n]+|[\n]+", Qwen2] },
        { "gpt-4o", [$@"[^\r\n\p{{L}}\p{{N}}]?{U}*{V}+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{{L}}\p{{N}}]?{U}+{V}*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "tekken", [$@"[^\r\n\p{{L}}\p{{N}}]?{U}*{V}+|[^\r\n\p{{L}}\p{{N}}]?{U}+{V}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "deepseek-coder", ["[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", EastAsian, @"\p{N}"] },
        { "deepseek-v3", [@"\p{N}{1,3}", HanAndKana, @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "bloom", [Bloom] },
        { "viking", [Bloom, @"\p{N}"] },
    };

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_hand_written_splitter_cuts_where_the_published_pattern_does(string name, string[] patterns)
    {
        Regex[] regexes = [.. patterns.Select(p => new Regex(p, RegexOptions.CultureInvariant))];
        PreTokenizer splitter = PreTokenizer.Named(name);
        Random random = new(name.Length * 7919 + name[0]);
        string alphabet = "  \t\n\r'''sStTrReEvVlLmMdDaAzZ019²Ⅷ٣,.!?;-_(){}[]|/\\$+<=>^~`\"\u00A0\u0085\u2003\u3000éÉßǅʰªא中文ひカ가ａ…。，、।۔،—«»¿©€∑\u0301\u0903\u20DD\u200D\uFE0F\uE000\u0000\u0007";
        for (int i = 0; i < 4000; i++)
        {
            StringBuilder text = new();
            for (int length = random.Next(1, 24); length > 0; length--)
                text.Append(alphabet[random.Next(alphabet.Length)], random.Next(4) == 0 ? random.Next(1, 5) : 1);
            Assert.Equal(Split(regexes, text.ToString()), Split(splitter, text.ToString()));
        }
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("deepseek-coder")]
    [InlineData("llama4")]
    public void Letters_outside_the_BMP_are_letters(string name) =>
        Assert.Equal(["a𐐷b"], Split(PreTokenizer.Named(name), "a𐐷b"));

    [Fact]
    public void An_emoji_is_one_symbol_and_no_letter() =>
        Assert.Equal(["hi", " 😀😀!!", " yo"], Split(PreTokenizer.Named("llama3"), "hi 😀😀!! yo"));

    [Fact]
    public void Without_a_name_the_pre_tokenizer_of_old_files_is_meant() =>
        Assert.Equal(Split(PreTokenizer.Named("default"), "a1234, b"), Split(PreTokenizer.Named(null), "a1234, b"));

    [Fact]
    public void An_unknown_name_is_refused_by_name() =>
        Assert.Contains("'frobnicate'", Assert.Throws<UnsupportedModelException>(() => PreTokenizer.Named("frobnicate")).Message);

    private static List<string> Split(Regex[] regexes, string text)
    {
        List<string> pieces = [text];
        foreach (Regex regex in regexes)
        {
            List<string> next = [];
            foreach (string piece in pieces)
            {
                int at = 0;
                foreach (Match match in regex.Matches(piece))
                {
                    if (match.Index > at)
                        next.Add(piece[at..match.Index]);
                    next.Add(match.Value);
                    at = match.Index + match.Length;
                }
                if (at < piece.Length)
                    next.Add(piece[at..]);
            }
            pieces = next;
        }
        return pieces;
    }

    private static List<string> Split(PreTokenizer splitter, string text)
    {
        CodePoints points = new();
        points.Set(text);
        List<string> pieces = [];
        int start = 0;
        foreach (int end in splitter.Split(points, [], []))
        {
            byte[] bytes = new byte[(end - start) * 4];
            pieces.Add(Encoding.UTF8.GetString(bytes, 0, points.WriteUtf8(start, end, bytes)));
            start = end;
        }
        return pieces;
    }
}
