using System.Text;
using Tessera.Tokenizer.Hf.PreTokenizers;
using Tessera.Tokenizers.Common.Patterns;

namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>The hand-written splitters of well-known patterns against the engine that runs any pattern.</summary>
public class KnownPatternTests
{
    private const string Numbers3 = @"\p{N}{1,3}", Tail = @"|\s*[\r\n]+|\s+(?!\S)|\s+", Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Upper = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";

    [Theory]
    [InlineData(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    [InlineData(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|" + Numbers3 + @"| ?[^\s\p{L}\p{N}]+[\r\n]*" + Tail)]
    [InlineData(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + Tail)]
    [InlineData(Contractions + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + Tail)]
    [InlineData(@"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|" + Numbers3 + @"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")]
    [InlineData(Upper + "*" + Lower + "+" + Contractions + "?|" + Upper + "+" + Lower + "*" + Contractions + "?|" + Numbers3 + @"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + Tail)]
    [InlineData(Upper + "*" + Lower + "+|" + Upper + "+" + Lower + @"*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + Tail)]
    [InlineData(@"\p{N}")]
    [InlineData(@"\p{N}+")]
    [InlineData(Numbers3)]
    [InlineData(@"[\r\n]")]
    [InlineData(@"\s?\p{L}+")]
    [InlineData(@"\s?\p{P}+")]
    [InlineData("[一-龥぀-ゟ゠-ヿ]+")]
    [InlineData("[一-龥ࠀ-一가-퟿]+")]
    [InlineData("""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*""" + Tail)]
    public void A_known_pattern_splits_as_the_engine_does(string pattern)
    {
        (Tokenizers.Common.Splitting.SplitStage Rule, bool IsTotal)? known = KnownPatterns.Find(pattern);
        Assert.NotNull(known);
        RuleStage rule = new(known.Value.Rule);
        PatternStage engine = new(TextPattern.Parse(pattern, "test"), SplitBehavior.Isolated, false);
        PatternStage removed = new(TextPattern.Parse(pattern, "test"), SplitBehavior.Removed, true);
        Random random = new(7);
        for (int i = 0; i < 400; i++)
        {
            string text = Text(random);
            string[] expected = Run(engine, text);
            Assert.Equal(expected, Run(rule, text));
            if (known.Value.IsTotal)
                Assert.Equal(expected, Run(removed, text));
        }
    }

    [Fact]
    public void Another_pattern_is_not_known() => Assert.Null(KnownPatterns.Find(@"\p{L}+"));

    private static string Text(Random random)
    {
        string[] parts = ["a", "B", "é", "e\u0301", "\u0903", " ", " ", "\n", "\r", "\u00A0", "1", "٣", "½", "'s", "'S", "'ſ", "'ll", "'", "!", "/", "…", "$", "中", "か", "한",
            "ʰ", "א", "ǅ", "😀", "\uD835\uDC00", "\uD835\uDFD9", "\u200D", "\uE000", "\u0001", "_"];
        StringBuilder text = new();
        for (int n = random.Next(1, 16); n > 0; n--)
            text.Append(parts[random.Next(parts.Length)]);
        return text.ToString();
    }

    private static string[] Run(PieceStage stage, string text)
    {
        PieceBuffer pieces = new();
        pieces.Set(text, true);
        stage.Apply(pieces);
        return [.. pieces.Ends.Select((end, i) => $"{(i == 0 ? 0 : pieces.Ends[i - 1])}-{end}")];
    }
}
