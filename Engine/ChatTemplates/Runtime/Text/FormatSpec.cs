using System.Globalization;
using System.Numerics;
using Tessera.Engine.ChatTemplates.Runtime.Methods;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>How one value is laid out: [[fill]align][sign][#][0][width][grouping][.precision][type].</summary>
/// <remarks>https://docs.python.org/3/library/string.html#format-specification-mini-language</remarks>
internal sealed record FormatSpec
{
    // A double has no more digits than this behind the point.
    private const int MaxPrecision = 1100;

    public string Fill { get; init; } = " ";

    /// <summary>One of &lt; &gt; ^ =, or '\0' for the type's own.</summary>
    public char Align { get; init; }

    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public bool ZeroPadded { get; init; }

    public long Width { get; init; }

    public char Grouping { get; init; }

    public int Precision { get; init; } = -1;

    public char Type { get; init; }

    public static FormatSpec Parse(string spec)
    {
        int at = 0;
        FormatSpec result = new();
        int fill = spec.Length > 0 ? CodePoints.SizeAt(spec, 0) : 0;
        if (spec.Length > fill && IsAlign(spec[fill]))
        {
            result = result with { Fill = spec[..fill], Align = spec[fill] };
            at = fill + 1;
        }
        else if (spec.Length > 0 && IsAlign(spec[0]))
        {
            result = result with { Align = spec[0] };
            at = 1;
        }

        if (at < spec.Length && spec[at] is '+' or '-' or ' ')
            result = result with { Sign = spec[at++] };
        if (at < spec.Length && spec[at] == '#')
            result = result with { Alternate = Next(ref at) };
        if (at < spec.Length && spec[at] == '0')
            result = result with { ZeroPadded = Next(ref at), Fill = result.Align == '\0' ? "0" : result.Fill };
        result = result with { Width = Digits(spec, ref at) ?? 0 };
        if (at < spec.Length && spec[at] is ',' or '_')
            result = result with { Grouping = spec[at++] };
        if (at < spec.Length && spec[at] == '.')
        {
            at++;
            result = result with { Precision = Digits(spec, ref at) ?? Failure.Throw<int>("format specifier misses its precision") };
        }

        if (at < spec.Length)
            result = result with { Type = spec[at++] };
        return at == spec.Length ? result : Failure.Throw<FormatSpec>($"invalid format specifier '{spec}'");
    }

    public string Text(RenderState state, string text)
    {
        if (Precision >= 0)
            text = text[..CodePoints.UnitOf(text, Precision)];
        return Pad(state, text, '<');
    }

    public string Integer(RenderState state, object value, char type)
    {
        BigInteger number = Numbers.ToBig(value);
        BigInteger size = BigInteger.Abs(number);
        string digits = type switch
        {
            'x' => Hex(size),
            'X' => Hex(size).ToUpperInvariant(),
            'o' => Radix(size, 3),
            'b' => Radix(size, 1),
            _ => TextForm.Of(state, Numbers.Normal(size)),
        };
        if (Precision > 0)
            digits = StringPaddingMethods.Widen(state, digits, Math.Max(0, Precision - digits.Length), 0, "0");
        string prefix = Alternate && type is 'x' or 'X' or 'o' or 'b' ? "0" + type : "";
        return Pad(state, SignOf(number.Sign < 0) + prefix, Group(digits), '>');
    }

    public string Float(RenderState state, double value, char type)
    {
        if (Precision > MaxPrecision)
            Failure.Limit($"a precision of {Precision} is larger than {MaxPrecision}");
        bool negative = value < 0 || (value == 0 && double.IsNegative(value));
        string body = FloatLayout.Of(Math.Abs(type == '%' ? value * 100 : value), type, Precision, Alternate);
        int point = body.AsSpan().IndexOfAny('.', 'e', '%');
        if (double.IsFinite(value))
            body = point < 0 ? Group(body) : Group(body[..point]) + body[point..];
        return Pad(state, SignOf(negative), body, '>');
    }

    public static string Character(long code) =>
        code is < 0 or > 0x10FFFF ? Failure.Throw<string>("a character code is not in range(0x110000)")
        : code is >= 0xD800 and <= 0xDFFF ? ((char)code).ToString() : char.ConvertFromUtf32((int)code);

    private string Pad(RenderState state, string text, char align) => Pad(state, "", text, align);

    private string Pad(RenderState state, string sign, string body, char align)
    {
        char use = Align != '\0' ? Align : ZeroPadded && align == '>' ? '=' : align;
        string whole = sign + body;
        long room = Math.Max(0, Width - Iteration.Length(state, whole));
        return use switch
        {
            '<' => StringPaddingMethods.Widen(state, whole, 0, room, Fill),
            '^' => StringPaddingMethods.Widen(state, whole, room / 2, room - (room / 2), Fill),
            '=' => sign + StringPaddingMethods.Widen(state, body, room, 0, Fill),
            _ => StringPaddingMethods.Widen(state, whole, room, 0, Fill),
        };
    }

    private string SignOf(bool negative) => negative ? "-" : Sign == '-' ? "" : Sign.ToString();

    private string Group(string digits)
    {
        if (Grouping == '\0' || digits.Length <= 3)
            return digits;
        int first = ((digits.Length - 1) % 3) + 1;
        IEnumerable<string> rest = Enumerable.Range(0, (digits.Length - first) / 3).Select(i => digits.Substring(first + (3 * i), 3));
        return string.Join(Grouping, rest.Prepend(digits[..first]));
    }

    private static string Hex(BigInteger value) =>
        value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0') is { Length: > 0 } digits ? digits : "0";

    private static string Radix(BigInteger value, int bits)
    {
        if (value.IsZero)
            return "0";
        List<char> digits = [];
        for (; !value.IsZero; value >>= bits)
            digits.Add((char)('0' + (int)(value & ((1 << bits) - 1))));
        digits.Reverse();
        return new string([.. digits]);
    }

    private static bool IsAlign(char c) => c is '<' or '>' or '^' or '=';

    private static bool Next(ref int at)
    {
        at++;
        return true;
    }

    private static int? Digits(string spec, ref int at)
    {
        int start = at;
        while (at < spec.Length && char.IsAsciiDigit(spec[at]))
            at++;
        if (start == at)
            return null;
        return int.TryParse(spec.AsSpan(start, at - start), CultureInfo.InvariantCulture, out int value) ? value : int.MaxValue;
    }
}
