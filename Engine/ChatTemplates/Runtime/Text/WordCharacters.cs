using System.Globalization;
using System.Text;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>What Python's regular expressions call a character of a word: a letter, a digit or another number, an underscore.</summary>
internal static class WordCharacters
{
    public static bool Has(Rune rune) => rune.Value == '_' || Rune.IsLetter(rune) || Rune.GetNumericValue(rune) >= 0;

    /// <summary>Whether there is one at a place; either half of a pair of surrogates asks for the whole.</summary>
    public static bool Has(string text, int at) => Rune.TryGetRuneAt(text, Start(text, at), out Rune rune) && Has(rune);

    /// <summary>Whether there is one that is no decimal digit.</summary>
    public static bool HasLetter(string text, int at) => Has(text, at) && CharUnicodeInfo.GetUnicodeCategory(text, Start(text, at)) != UnicodeCategory.DecimalDigitNumber;

    private static int Start(string text, int at) => at > 0 && char.IsSurrogatePair(text[at - 1], text[at]) ? at - 1 : at;
}
