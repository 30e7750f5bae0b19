using System.Globalization;
using System.Numerics;
using System.Text;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's int(text, base) and float(text); null where they would fail.</summary>
internal static class NumberText
{
    public static object? Integer(string text, long radix)
    {
        ReadOnlySpan<char> digits = Digits(text);
        bool negative = digits.StartsWith("-");
        if (negative || digits.StartsWith("+"))
            digits = digits[1..];
        if (digits.Length > 1 && digits[0] == '0' && char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } is int prefixed and > 0 && (radix == prefixed || radix == 0))
        {
            radix = prefixed;
            digits = digits.Length > 2 && digits[2] == '_' ? digits[3..] : digits[2..];
        }

        radix = radix == 0 ? 10 : radix;
        if (radix is < 2 or > 36 || digits.IsEmpty || digits.Length > Numbers.MaxDigits || WithoutUnderscores(digits) is not string plain)
            return null;
        if (radix == 10)
            return BigInteger.TryParse(plain, NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger number) ? Numbers.Normal(negative ? -number : number) : null;
        BigInteger value = BigInteger.Zero;
        foreach (char c in plain)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : 36;
            if (digit >= radix)
                return null;
            value = (value * radix) + digit;
        }

        return Numbers.Normal(negative ? -value : value);
    }

    public static object? Float(string text)
    {
        ReadOnlySpan<char> digits = Digits(text);
        if (digits.Length > Numbers.MaxDigits || digits.IsEmpty)
            return null;
        bool negative = digits[0] == '-';
        string name = digits[(negative || digits[0] == '+' ? 1 : 0)..].ToString().ToLowerInvariant();
        if (name is "inf" or "infinity")
            return negative ? double.NegativeInfinity : double.PositiveInfinity;
        if (name == "nan")
            return double.NaN;
        if (name.Length == 0 || !(char.IsAsciiDigit(name[0]) || name[0] == '.') || WithoutUnderscores(name) is not string plain)
            return null;
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(plain, Style, CultureInfo.InvariantCulture, out double value) ? (negative ? -value : value) : null;
    }

    /// <summary>The text without spaces around it, and digits of all scripts as 0 to 9.</summary>
    private static ReadOnlySpan<char> Digits(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan().Trim(Lexer.Spaces);
        if (Ascii.IsValid(digits) || digits.Length > 2 * Numbers.MaxDigits)
            return digits;
        StringBuilder result = new(digits.Length);
        foreach (Rune rune in digits.EnumerateRunes())
            result.Append(Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber ? ((char)('0' + (int)Rune.GetNumericValue(rune))).ToString() : rune.ToString());
        return result.ToString();
    }

    /// <summary>Underscores may stand only between two digits.</summary>
    private static string? WithoutUnderscores(ReadOnlySpan<char> digits)
    {
        for (int i = 0; i < digits.Length; i++)
            if (digits[i] == '_' && (i == 0 || i == digits.Length - 1 || !char.IsAsciiLetterOrDigit(digits[i - 1]) || !char.IsAsciiLetterOrDigit(digits[i + 1])))
                return null;
        return digits.ToString().Replace("_", "", StringComparison.Ordinal);
    }
}
