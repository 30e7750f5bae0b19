using System.Globalization;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>A float in one of C's layouts: e, f, g, or Python's own (type '\0') and per cent.</summary>
internal static class FloatLayout
{
    public static string Of(double value, char type, int precision, bool alternate)
    {
        if (!double.IsFinite(value))
        {
            string name = double.IsNaN(value) ? "nan" : "inf";
            return char.IsAsciiLetterUpper(type) ? name.ToUpperInvariant() : type == '%' ? name + "%" : name;
        }

        if (type == '\0' && precision < 0)
            return FloatText.Of(value);
        int digits = precision < 0 ? 6 : precision;
        string text = char.ToLowerInvariant(type) switch
        {
            'f' => Fixed(value, digits, alternate),
            '%' => Fixed(value, digits, alternate) + "%",
            'e' => Exponent(value, digits, alternate),
            _ => General(value, Math.Max(1, digits), alternate, isPythons: type == '\0'),
        };
        return char.IsAsciiLetterUpper(type) ? text.ToUpperInvariant() : text;
    }

    private static string Fixed(double value, int digits, bool alternate) =>
        value.ToString("F" + digits, CultureInfo.InvariantCulture) + (alternate && digits == 0 ? "." : "");

    private static string Exponent(double value, int digits, bool alternate)
    {
        (string mantissa, int exponent) = Parts(value, digits);
        if (alternate && digits == 0)
            mantissa += ".";
        return $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static string General(double value, int digits, bool alternate, bool isPythons)
    {
        (string mantissa, int exponent) = Parts(value, digits - 1);
        // Python's own layout switches to an exponent one digit earlier, so that a '.0' still fits.
        if (exponent < -4 || exponent >= digits - (isPythons ? 1 : 0))
            return $"{(alternate ? mantissa : Trim(mantissa))}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        string text = value.ToString("F" + (digits - 1 - exponent), CultureInfo.InvariantCulture);
        text = alternate ? text : Trim(text);
        return isPythons && !text.Contains('.') ? text + ".0" : text;
    }

    private static string Trim(string text) => text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;

    private static (string Mantissa, int Exponent) Parts(double value, int digits)
    {
        string text = value.ToString("E" + digits, CultureInfo.InvariantCulture);
        int e = text.IndexOf('E');
        return (text[..e], int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }
}
