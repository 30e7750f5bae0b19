using System.Globalization;
using Tessera.Tokenizers.Common.Unicode;

namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>Sets by their names in patterns: <c>\p{Lu}</c>, <c>\p{Han}</c>, <c>[:alpha:]</c>, <c>\w</c>.</summary>
internal static class PointSets
{
    public static PointTest Digit { get; } = new InCategories(Bit(UnicodeCategory.DecimalDigitNumber));

    public static PointTest White { get; } = new IsWhite();

    public static PointTest Word { get; } = new AnyOf(
    [
        new InRanges(UnicodeSets.Instance.Find("Alphabetic")!),
        new InCategories(Marks | Bit(UnicodeCategory.DecimalDigitNumber) | Bit(UnicodeCategory.ConnectorPunctuation)),
    ]);

    // Outside of brackets the reference asks its table of Latin-1, where superscripts and fractions are word characters.
    public static PointTest WordAlone { get; } = new AnyOf([Word, new InRanges(0xB2, 0xB3, 0xB9, 0xB9, 0xBC, 0xBE)]);

    public static PointTest HexDigit { get; } = new InRanges('0', '9', 'A', 'F', 'a', 'f');

    private static uint Marks => Bit(UnicodeCategory.NonSpacingMark) | Bit(UnicodeCategory.SpacingCombiningMark) | Bit(UnicodeCategory.EnclosingMark);

    private static Not Graph => new(new AnyOf([White, new InCategories(Categories("cc") | Categories("cn") | Categories("cs"))]));

    /// <summary>The set of a POSIX bracket's name; null where it is not known. Symbols count as punctuation.</summary>
    public static PointTest? FindBracket(ReadOnlySpan<char> name) =>
        name switch
    {
        "punct" => new InCategories(Categories("p") | Categories("s")),
        "word" => Word,
        _ => Find(name),
    };

    /// <summary>The set of a property's name; null where it is not known.</summary>
    public static PointTest? Find(ReadOnlySpan<char> name)
    {
        if (name.StartsWith("Script=", StringComparison.OrdinalIgnoreCase) || name.StartsWith("sc=", StringComparison.OrdinalIgnoreCase))
            name = name[(name.IndexOf('=') + 1)..];
        Span<char> folded = stackalloc char[Math.Min(name.Length, 40)];
        int length = 0;
        foreach (char c in name[..folded.Length])
            if (c is not ('_' or ' ' or '-'))
                folded[length++] = char.ToLowerInvariant(c);
        if (Named(folded[..length]) is { } named)
            return named;
        if (Categories(folded[..length]) is not 0 and uint categories)
            return new InCategories(categories);
        return UnicodeSets.Instance.Find(name) is { } ranges ? new InRanges(ranges) : null;
    }

    private static PointTest? Named(ReadOnlySpan<char> name) => name switch
    {
        "any" => new InRanges(0, 0x10FFFF),
        "ascii" => new InRanges(0, 0x7F),
        "alpha" => new InRanges(UnicodeSets.Instance.Find("Alphabetic")!),
        "upper" => new InRanges(UnicodeSets.Instance.Find("Uppercase")!),
        "lower" => new InRanges(UnicodeSets.Instance.Find("Lowercase")!),
        "alnum" => new AnyOf([new InRanges(UnicodeSets.Instance.Find("Alphabetic")!), Digit]),
        "blank" => new AnyOf([new InRanges('\t', '\t'), new InCategories(Bit(UnicodeCategory.SpaceSeparator))]),
        "cntrl" => new InCategories(Bit(UnicodeCategory.Control)),
        "digit" => Digit,
        "space" or "whitespace" => White,
        "word" => WordAlone,
        "xdigit" => HexDigit,
        "graph" => Graph,
        "print" => new AnyOf([Graph, new InCategories(Bit(UnicodeCategory.SpaceSeparator))]),
        "punct" => new InCategories(Categories("p")),
        _ => null,
    };

    private static uint Categories(ReadOnlySpan<char> name) => name switch
    {
        "l" or "letter" => Categories("lu") | Categories("ll") | Categories("lt") | Categories("lm") | Categories("lo"),
        "lc" or "casedletter" => Categories("lu") | Categories("ll") | Categories("lt"),
        "lu" or "uppercaseletter" => Bit(UnicodeCategory.UppercaseLetter),
        "ll" or "lowercaseletter" => Bit(UnicodeCategory.LowercaseLetter),
        "lt" or "titlecaseletter" => Bit(UnicodeCategory.TitlecaseLetter),
        "lm" or "modifierletter" => Bit(UnicodeCategory.ModifierLetter),
        "lo" or "otherletter" => Bit(UnicodeCategory.OtherLetter),
        "m" or "mark" or "combiningmark" => Marks,
        "mn" or "nonspacingmark" => Bit(UnicodeCategory.NonSpacingMark),
        "mc" or "spacingmark" => Bit(UnicodeCategory.SpacingCombiningMark),
        "me" or "enclosingmark" => Bit(UnicodeCategory.EnclosingMark),
        "n" or "number" => Categories("nd") | Categories("nl") | Categories("no"),
        "nd" or "decimalnumber" => Bit(UnicodeCategory.DecimalDigitNumber),
        "nl" or "letternumber" => Bit(UnicodeCategory.LetterNumber),
        "no" or "othernumber" => Bit(UnicodeCategory.OtherNumber),
        "p" or "punctuation" => Categories("pc") | Categories("pd") | Categories("ps") | Categories("pe") | Categories("pi") | Categories("pf") | Categories("po"),
        "pc" or "connectorpunctuation" => Bit(UnicodeCategory.ConnectorPunctuation),
        "pd" or "dashpunctuation" => Bit(UnicodeCategory.DashPunctuation),
        "ps" or "openpunctuation" => Bit(UnicodeCategory.OpenPunctuation),
        "pe" or "closepunctuation" => Bit(UnicodeCategory.ClosePunctuation),
        "pi" or "initialpunctuation" => Bit(UnicodeCategory.InitialQuotePunctuation),
        "pf" or "finalpunctuation" => Bit(UnicodeCategory.FinalQuotePunctuation),
        "po" or "otherpunctuation" => Bit(UnicodeCategory.OtherPunctuation),
        "s" or "symbol" => Categories("sm") | Categories("sc") | Categories("sk") | Categories("so"),
        "sm" or "mathsymbol" => Bit(UnicodeCategory.MathSymbol),
        "sc" or "currencysymbol" => Bit(UnicodeCategory.CurrencySymbol),
        "sk" or "modifiersymbol" => Bit(UnicodeCategory.ModifierSymbol),
        "so" or "othersymbol" => Bit(UnicodeCategory.OtherSymbol),
        "z" or "separator" => Categories("zs") | Categories("zl") | Categories("zp"),
        "zs" or "spaceseparator" => Bit(UnicodeCategory.SpaceSeparator),
        "zl" or "lineseparator" => Bit(UnicodeCategory.LineSeparator),
        "zp" or "paragraphseparator" => Bit(UnicodeCategory.ParagraphSeparator),
        "c" or "other" => Categories("cc") | Categories("cf") | Categories("cs") | Categories("co") | Categories("cn"),
        "cc" or "control" => Bit(UnicodeCategory.Control),
        "cf" or "format" => Bit(UnicodeCategory.Format),
        "cs" or "surrogate" => Bit(UnicodeCategory.Surrogate),
        "co" or "privateuse" => Bit(UnicodeCategory.PrivateUse),
        "cn" or "unassigned" => Bit(UnicodeCategory.OtherNotAssigned),
        _ => 0,
    };

    private static uint Bit(UnicodeCategory category) => 1u << (int)category;
}
