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

    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    private const string Cased = $@"[^\r\n\p{{L}}\p{{N}}]?{U}*{V}+{Contractions}|[^\r\n\p{{L}}\p{{N}}]?{U}+{V}*{Contractions}|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    // Han below U+10000; .NET subtracts a class where the pattern intersects with its complement.
    private const string Han = @"\u2E80-\u2E99\u2E9B-\u2EF3\u2F00-\u2FD5々〇〡-〩〸-〻\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFA6D\uFA70-\uFAD9";
    private const string KimiU = $@"[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}-[{Han}]]";
    private const string KimiV = $@"[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}-[{Han}]]";
    private const string Kimi = $@"[{Han}]+|[^\r\n\p{{L}}\p{{N}}]?{KimiU}*{KimiV}+{Contractions}|[^\r\n\p{{L}}\p{{N}}]?{KimiU}+{KimiV}*{Contractions}|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

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
        { "deepseek-llm", ["[\r\n]", @"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆ\u10A0-\u10C5\u13A0-\u13F5\u1C90-\u1CBA\u1D00-\u1D2BḀ-ἕＡ-Ｚａ-ｚ]+",
            @"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", @"\s+\z", EastAsian, @"\p{N}+"] },
        { "spark2_5", [@"\p{N}{1,3}", HanAndKana, @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+", @"\p{N}"] },
        { "youtu", ["[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-\u303F\uFE30-\uFE4F]+|[ㄅ-ㄯ]+|[一-龥\u3040-ゟ\u30A0-ヿ]+", Cased.Replace("{1,3}", "", StringComparison.Ordinal)] },
        { "granite-embed-multi-97m", [Cased] },
        // \b spelled out: behind a digit it is where no \w follows.
        { "tiny_aya", [@"\d{1,3}(?=(?:\d{3})*(?![\p{L}\p{M}\p{Nd}\p{Pc}]))", Cased] },
        { "kimi-k2", [Kimi] },
        { "superbpe", [@"\p{N}+", @"(?=(\d{3})+(?!\d))"] },
        // Groups of three from the right: the first has what is left over.
        { "afmoe", [@"(?<!\p{N})\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))|(?<=\p{N})\p{N}{3}", @"[\u4E00-\u9FFF\u3400-\u4DBF\u8C48-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F\u2F00-\u2FDF\u0E40-\u0E7F\u0E80-\u0EFF\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF\uAC00-\uD7AF\u1100-\u11FF]+",
            @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "exaone-moe", [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"] },
        { "jais-2", [Llama3.Replace(@"|\s+(?!\S)|\s+", @"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}", StringComparison.Ordinal)] },
        { "chameleon", ["<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", @"\p{N}", @"[\p{P}!-/:-@\[-`{-~]", Gpt2] },
        { "gemma4", [@"[^\n]+|[\n]+"] },
        { "sarvam-moe", [@"[^\n]+|[\n]+"] },
        { "whitespace", [@"\S+"] },
    };

    // Every name that llama.cpp's vocabulary loader knows (version 0.5.0), by the name whose pattern it shares.
    private static readonly Dictionary<string, string[]> Names = new()
    {
        ["default"] = [""],
        ["gpt-2"] = ["phi-2", "mpt", "olmo", "jais", "exaone4", "gigachat", "a.x-4.0", "mellum", "modern-bert", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de",
            "jina-v1-en", "jina-v2-code", "roberta-bpe", "trillion", "granite-docling"],
        ["starcoder"] = ["refact", "codeshell", "exaone", "minerva-7b", "mellum2"],
        ["smollm"] = ["command-r"],
        ["llama-bpe"] = ["llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"],
        ["chatglm-bpe"] = ["glm4", "dbrx", "smaug-bpe"],
        ["qwen2"] = ["deepseek-r1-qwen", "kormo", "f2llmv2", "hunyuan", "solar-open", "grok-2", "stablelm2", "megrez"],
        ["bailingmoe"] = ["bailingmoe2", "llada-moe"],
        ["gpt-4o"] = ["llama4", "kanana2", "talkie", "minimax-m2"],
        ["deepseek-v3"] = ["hunyuan-dense", "joyai-llm", "hy_v4"],
        ["bloom"] = ["gpt3-finnish", "poro-chat"],
        ["tiny_aya"] = ["cohere2moe"],
        ["gemma4"] = ["granite-embed-multi-311m"],
    };

    [Fact]
    public void Every_name_of_llama_cpp_is_known_and_has_a_pattern()
    {
        string[] shared = [.. Patterns.Select(p => p.Data.Item1)];
        Assert.All(Names.Keys, name => Assert.Contains(name, shared));
        string[] all = [.. shared, .. Names.Values.SelectMany(n => n)];
        Assert.Equal(91, all.Distinct().Count());
        Assert.All(all, name => Assert.NotNull(PreTokenizer.Named(name)));
    }

    [Fact]
    public void A_name_cuts_where_the_name_does_whose_pattern_it_shares()
    {
        foreach ((string name, string[] others) in Names)
        {
            Random random = new(name.Length);
            for (int i = 0; i < 200; i++)
            {
                string text = RandomText(random);
                List<string> expected = Split(PreTokenizer.Named(name), text);
                Assert.All(others, other => Assert.Equal(expected, Split(PreTokenizer.Named(other), text)));
            }
        }
    }

    // Whole words, BOS by default, spaces taken back: all others have none of them.
    [Theory]
    [InlineData("llama-bpe", "WBC")]
    [InlineData("tekken", "WB")]
    [InlineData("minicpm5", "WC")]
    [InlineData("youtu", "W")]
    [InlineData("granite-embed-multi-97m", "W")]
    [InlineData("chameleon", "B")]
    [InlineData("qwen2", "")]
    [InlineData("stablelm2", "C")]
    [InlineData("gpt-2", "C")]
    [InlineData("trillion", "")]
    [InlineData("jais-2", "C")]
    [InlineData("exaone-moe", "C")]
    [InlineData("gemma4", "NCL")]
    [InlineData("sarvam-moe", "")]
    [InlineData("kimi-k2", "")]
    public void Flags_go_with_names(string name, string flags)
    {
        PreTokenizer p = PreTokenizer.Named(name);
        Assert.Equal(flags, $"{(p.NeedsBos ? "N" : "")}{(p.WholeWords ? "W" : "")}{(p.AddsBos ? "B" : "")}{(p.CleansSpaces ? "C" : "")}{(p.WholeLineBreaks ? "L" : "")}");
    }

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_hand_written_splitter_cuts_where_the_published_pattern_does(string name, string[] patterns)
    {
        Regex[] regexes = [.. patterns.Select(p => new Regex(p, RegexOptions.CultureInvariant))];
        PreTokenizer splitter = PreTokenizer.Named(name);
        Random random = new(name.Length * 7919 + name[0]);
        for (int i = 0; i < 4000; i++)
        {
            string text = RandomText(random);
            Assert.Equal(Split(regexes, text), Split(splitter, text));
        }
        string[] special = ["IMGIMGABCDZ", "IMGIMGABCDEZ", "<sentinel:123>", "<sentinel:>", "<sentinel:1", new(' ', 1500), $"a{new string(' ', 1029)}b", $" \n{new string(' ', 517)}x",
            new('1', 1000), $"x{new string('7', 100)}y", new('\n', 700), "<sentinel:12<sentinel:34>IMGIMGIMGIMGAZ"];
        Assert.All(special, text => Assert.Equal(Split(regexes, text), Split(splitter, text)));
    }

    // .NET's engine reads UTF-16: above U+FFFF each code point is put to it as one below, of the same category.
    [Theory]
    [MemberData(nameof(Patterns))]
    public void Code_points_above_the_BMP_are_cut_as_those_of_the_same_category_below(string name, string[] patterns)
    {
        if (name is "deepseek-llm")
            return; // names ranges above the BMP itself
        Dictionary<string, char> below = new()
        {
            ["𐐷"] = 'ƶ', ["𐐏"] = 'Ԙ', ["😀"] = '©', ["𝟙"] = '٣', ["𐤖"] = '²', ["𑀀"] = '\u0301', ["𐄀"] = '«', ["\U000E0001"] = '\u00AD', ["\U000F0000"] = '\u00AD', ["𞤀"] = 'Ԙ', ["𐎀"] = 'א',
        };
        foreach ((string above, char same) in below)
            Assert.Equal(CharClasses.Of(new Rune(same)), CharClasses.Of(Rune.GetRuneAt(above, 0)));
        Regex[] regexes = [.. patterns.Select(p => new Regex(p, RegexOptions.CultureInvariant))];
        PreTokenizer splitter = PreTokenizer.Named(name);
        Random random = new(name.Length);
        string[] parts = [.. below.Keys, " ", "  ", "a", "B", "1", "'s", ".", "\n", "中"];
        for (int i = 0; i < 1000; i++)
        {
            StringBuilder above = new(), same = new();
            for (int length = random.Next(1, 12); length > 0; length--)
            {
                string part = parts[random.Next(parts.Length)];
                above.Append(part);
                same.Append(below.TryGetValue(part, out char low) ? low : part);
            }
            Assert.Equal(Split(regexes, same.ToString()).Select(p => p.Length), Split(splitter, above.ToString()).Select(p => p.EnumerateRunes().Count()));
        }
    }

    private static string RandomText(Random random)
    {
        const string alphabet = "  \t\n\r'''sStTrReEvVlLmMdDaAzZ019²Ⅷ٣,.!?;-_(){}[]|/\\$+<=>^~`\"\u00A0\u0085\u2003\u3000éÉßǅʰªא中文々〇⼀ひカ가ａ…。，、।۔،—«»¿©€∑\u0301\u0903\u20DD\u200D\uFE0F\uE000\u0000\u0007";
        StringBuilder text = new();
        for (int length = random.Next(1, 24); length > 0; length--)
            text.Append(alphabet[random.Next(alphabet.Length)], random.Next(4) == 0 ? random.Next(1, 5) : 1);
        return text.ToString();
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
    public void An_unassigned_code_point_is_no_letter_no_mark_and_no_number()
    {
        foreach (string point in (string[])["\u0378", "\uFFFF", "\U0001FFFF", "\uE000", "\uFFFD"])
        {
            Assert.Equal(["a", point, "b"], Split(PreTokenizer.Named("gpt-2"), $"a{point}b"));
            Assert.Equal(["a", $"{point}b"], Split(PreTokenizer.Named("llama3"), $"a{point}b"));
            Assert.Equal(["a", $" {point}.", " b"], Split(PreTokenizer.Named("gpt-4o"), $"a {point}. b"));
        }
    }

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
                    if (match.Length > 0)
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
