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
        new("isascii", "", (_, self, _) => Ascii.IsValid((string)self!)),
        new("isupper", "", (state, self, _) => IsUpper(state, (string)self!)),
        new("islower", "", (state, self, _) => IsLower(state, (string)self!)),
    ];

    public static bool IsUpper(RenderState state, string text) => IsCased(state, text, Rune.IsUpper, Rune.IsLower);

    public static bool IsLower(RenderState state, string text) => IsCased(state, text, Rune.IsLower, Rune.IsUpper);

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

    private static bool IsDecimal(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;

    private static bool IsDigit(Rune rune) => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    private static bool IsNumeric(Rune rune) => Rune.GetNumericValue(rune) >= 0;
}
