namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>Questions about single code points, as regular expressions ask them.</summary>
public static class CharacterTests
{
    private static readonly PointSet Word = new(new AnyOf([PointSets.Word, new InRanges(0x200C, 0x200D)]));

    /// <summary>Whether a code point is one of words: <c>\w</c> of <see href="https://www.unicode.org/reports/tr18/">UTS 18</see>.</summary>
    public static bool IsWord(int point) => Word.Has(point);
}
