using System.Globalization;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Methods;

/// <summary>Methods of strings that say what kind of characters they have.</summary>
internal static class StringClassMethods
{
    public static readonly Native[] All =
    [
        new("isalpha", "", (state, self, _) => Every(state, self, Rune.IsLetter)),
        new("isdecimal", "", (state, self, _) => Every(state, self, IsDecimal)),
        new("isdigit", "", (state, self, _) => Every(state, self, IsDigit)),
        new("isnumeric", "", (state, self, _) => Every(state, self, IsNumeric)),
        new("isalnum", "", (state, self, _) => Every(state, self, r => Rune.IsLetter(r) || IsNumeric(r))),
        new("isspace", "", (state, self, _) => Every(state, self, r => r.IsBmp && Lexer.Spaces.Contains((char)r.Value))),
        new("isprintable", "", (state, self, _) => (string)self! == "" || Every(state, self, r => r.Value == ' ' || StringRepr.IsPrintable(Rune.GetUnicodeCategory(r)))),
        new("isascii", "", (state, self, _) => IsAscii(state, (string)self!)),
        new("istitle", "", (state, self, _) => IsTitle(state, (string)self!)),
        new("isidentifier", "", (state, self, _) => IsIdentifier(state, (string)self!)),
        new("isupper", "", (state, self, _) => IsUpper(state, (string)self!)),
        new("islower", "", (state, self, _) => IsLower(state, (string)self!)),
    ];

    public static bool IsUpper(RenderState state, string text) => IsCased(state, text, Rune.IsUpper, Rune.IsLower);

    public static bool IsLower(RenderState state, string text) => IsCased(state, text, Rune.IsLower, Rune.IsUpper);

    private static bool IsAscii(RenderState state, string text)
    {
        state.Budget.Scan(text.Length);
        return Ascii.IsValid(text);
    }

    private static bool Every(RenderState state, object? self, Func<Rune, bool> test)
    {
        string text = (string)self!;
        state.Budget.Steps(text.Length / 4);
        foreach (Rune rune in text.EnumerateRunes())
            if (!test(rune))
                return false;
        return text.Length > 0;
    }

    private static bool IsCased(RenderState state, string text, Func<Rune, bool> wanted, Func<Rune, bool> other)
    {
        state.Budget.Steps(text.Length / 4);
        bool any = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (other(rune))
                return false;
            any |= wanted(rune);
        }

        return any;
    }

    // Capitals only where a word begins, small letters only behind another cased one.
    private static bool IsTitle(RenderState state, string text)
    {
        state.Budget.Steps(text.Length / 4);
        bool any = false, afterCased = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isCapital = Rune.IsUpper(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter, isSmall = Rune.IsLower(rune);
            if (isCapital ? afterCased : isSmall && !afterCased)
                return false;
            afterCased = isCapital || isSmall;
            any |= afterCased;
        }
        return any;
    }

    private static bool IsIdentifier(RenderState state, string text)
    {
        state.Budget.Steps(text.Length / 4);
        bool isFirst = true;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            bool starts = rune.Value == '_' || Rune.IsLetter(rune) || category == UnicodeCategory.LetterNumber;
            if (!starts && (isFirst || category is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation)))
                return false;
            isFirst = false;
        }
        return text.Length > 0;
    }

    private static bool IsDecimal(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;

    private static bool IsDigit(Rune rune) => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    private static bool IsNumeric(Rune rune) => Rune.GetNumericValue(rune) >= 0;
}
