using System.Globalization;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's repr of a float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16.</summary>
internal static class FloatText
{
    public static string Of(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        bool negative = shortest[0] == '-';
        (string digits, int exponent) = Split(shortest.AsSpan(negative ? 1 : 0));
        return (negative ? "-" : "") + Layout(digits, exponent);
    }

    /// <summary>The significant digits, and the power of ten of the first of them.</summary>
    private static (string Digits, int Exponent) Split(ReadOnlySpan<char> text)
    {
        int exponent = 0;
        int e = text.IndexOf('E');
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        int point = text.IndexOf('.');
        string all = point < 0 ? text.ToString() : string.Concat(text[..point], text[(point + 1)..]);
        exponent += (point < 0 ? text.Length : point) - 1;
        string noZeros = all.TrimStart('0');
        if (noZeros.Length == 0)
            return ("0", 0);
        return (noZeros.TrimEnd('0'), exponent - (all.Length - noZeros.Length));
    }

    private static string Layout(string digits, int exponent)
    {
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
            return "0." + new string('0', -exponent - 1) + digits;
        if (digits.Length <= exponent + 1)
            return digits.PadRight(exponent + 1, '0') + ".0";
        return digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }
}
