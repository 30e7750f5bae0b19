using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Hf.PreTokenizers;

/// <summary>Patterns of well-known models, for which there are hand-written splitters. Any other pattern runs on the general engine.</summary>
internal static class KnownPatterns
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Capitals = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Smalls = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string WhiteTail = @"|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The splitter of a pattern, and whether it matches every text wholly; null where there is none.</summary>
    public static (SplitStage Rule, bool IsTotal)? Find(string pattern)
    {
        if (pattern == @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
            return (new SplitStage<Gpt2Rule>(default), true);
        for (int digits = 1; digits <= 3; digits += 2)
        {
            string numbers = digits == 1 ? @"\p{N}" : @"\p{N}{1,3}";
            // The second spelling is cl100k's, with possessive quantifiers where nothing could be given back anyway.
            if (pattern == Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|" + numbers + @"| ?[^\s\p{L}\p{N}]+[\r\n]*" + WhiteTail
                || pattern == @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|" + numbers + @"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")
                return (new SplitStage<WordRule>(new() { Digits = digits, LongS = true }), true);
            if (pattern == Contractions + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|" + numbers + @"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + WhiteTail)
                return (new SplitStage<WordRule>(new() { Digits = digits, LongS = true, Word = CharClass.Letter | CharClass.Mark }), true);
            if (pattern == Cased(Contractions + "?", numbers))
                return (new SplitStage<CasedWordRule>(new() { Digits = digits, LongS = true }), true);
            if (pattern == Cased("", numbers))
                return (new SplitStage<CasedWordRule>(new() { Digits = digits, Contractions = false }), true);
        }
        return pattern switch
        {
            @"\p{N}" => (new SplitStage<RunRule>(new(CharClass.Number, most: 1)), false),
            @"\p{N}+" => (new SplitStage<RunRule>(new(CharClass.Number)), false),
            @"\p{N}{1,3}" => (new SplitStage<RunRule>(new(CharClass.Number, most: 3)), false),
            "[\r\n]" or @"[\r\n]" => (new SplitStage<RunRule>(new(CharClass.Newline, most: 1)), false),
            @"\s?\p{L}+" => (new SplitStage<RunRule>(new(CharClass.Letter, leadingSpace: true)), false),
            @"\s?\p{P}+" => (new SplitStage<RunRule>(new(CharClass.Punctuation, leadingSpace: true)), false),
            "[一-龥぀-ゟ゠-ヿ]+" => (new SplitStage<RangeRule>(new(DeepSeekRanges.HanAndKana)), false),
            "[一-龥ࠀ-一가-퟿]+" => (new SplitStage<RangeRule>(new(DeepSeekRanges.EastAsian)), false),
            DeepSeek3 => (new SplitStage<DeepSeek3Rule>(default), false),
            _ => null,
        };
    }

    private const string DeepSeek3 = """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^"""
        + @"\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + WhiteTail;

    private static string Cased(string contractions, string numbers) =>
        $@"[^\r\n\p{{L}}\p{{N}}]?{Capitals}*{Smalls}+{contractions}|[^\r\n\p{{L}}\p{{N}}]?{Capitals}+{Smalls}*{contractions}|{numbers}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*" + WhiteTail;
}
