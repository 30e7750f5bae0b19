using System.Buffers;
using System.Globalization;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Text;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>What Jinja takes for an address of the web or of mail. A text is a word without spaces; each test reads it a fixed number of times.</summary>
internal static class AddressShapes
{
    private const int MaxPort = 5, MaxLabel = 63, MaxHexGroups = 6, HexDigits = 4;
    private const string Idna = "xn--";

    private static readonly string[] Domains = ["com", "net", "int", "edu", "gov", "org", "info", "mil"];
    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>http://, https:// or www. with a domain; a domain of a well-known kind; http:// or https:// with a number; each with port and path where it has them.</summary>
    public static bool IsWeb(ReadOnlySpan<char> text)
    {
        bool hasScheme = Starts(text, "https://", out ReadOnlySpan<char> rest) || Starts(text, "http://", out rest);
        int end = rest.IndexOfAny("/?#");
        ReadOnlySpan<char> host = WithoutPort(end < 0 ? rest : rest[..end]);
        if (hasScheme)
            return IsDomain(host) || IsFourNumbers(host) || IsHexGroups(host);
        return (Starts(host, "www.", out ReadOnlySpan<char> behind) && IsDomain(behind)) || IsWellKnown(host);
    }

    /// <summary>Something, an @, and a domain.</summary>
    public static bool IsMail(ReadOnlySpan<char> text)
    {
        int at = text.LastIndexOf('@');
        if (at < 1)
            return false;
        ReadOnlySpan<char> domain = text[(at + 1)..];
        int dot = domain.LastIndexOf('.');
        if (dot < 1 || !IsEvery(domain[(dot + 1)..], "", 1, int.MaxValue) || !IsEvery(domain[..dot], "-.", 1, int.MaxValue))
            return false;
        return domain[0] is not ('-' or '.');
    }

    /// <summary>What a further scheme may be: a name, a colon, and at most two slashes.</summary>
    public static bool IsScheme(ReadOnlySpan<char> text)
    {
        int colon = text.IndexOf(':');
        return colon > 0 && IsEvery(text[..colon], ".+-", 2, int.MaxValue) && text[(colon + 1)..] is "" or "/" or "//";
    }

    private static bool Starts(ReadOnlySpan<char> text, string prefix, out ReadOnlySpan<char> rest)
    {
        bool starts = text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);
        rest = starts ? text[prefix.Length..] : text;
        return starts;
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        int colon = host.LastIndexOf(':');
        return colon >= 0 && AreDigits(host[(colon + 1)..], MaxPort) ? host[..colon] : host;
    }

    /// <summary>Names with dots between them, the last one of letters.</summary>
    private static bool IsDomain(ReadOnlySpan<char> host)
    {
        int dot = host.LastIndexOf('.');
        ReadOnlySpan<char> last = host[(dot + 1)..];
        if (last.Length is < 2 or > MaxLabel || last.ContainsAnyExcept(Letters))
            if (!Starts(last, Idna, out ReadOnlySpan<char> name) || !IsEvery(name, "%", 2, MaxLabel - Idna.Length))
                return false;
        return dot < 0 || AreLabels(host[..dot], 1, int.MaxValue);
    }

    private static bool IsWellKnown(ReadOnlySpan<char> host)
    {
        int dot = host.LastIndexOf('.');
        if (dot < 0 || !AreLabels(host[..dot], 2, MaxLabel))
            return false;
        foreach (string domain in Domains)
            if (host[(dot + 1)..].Equals(domain, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    private static bool AreLabels(ReadOnlySpan<char> labels, int least, int most)
    {
        if (labels.IsEmpty)
            return false;
        foreach (Range label in labels.Split('.'))
            if (!IsEvery(labels[label], "%-", least, most))
                return false;
        return true;
    }

    private static bool IsFourNumbers(ReadOnlySpan<char> host)
    {
        int count = 0;
        foreach (Range number in host.Split('.'))
            if (++count > 4 || !AreDigits(host[number], 3))
                return false;
        return count == 4;
    }

    /// <summary>Hexadecimal digits in brackets: two groups with a colon behind each, then up to six more, which may be joined where they are full.</summary>
    private static bool IsHexGroups(ReadOnlySpan<char> host)
    {
        if (host is not ['[', .. var groups, ']'] || groups.Length > (2 + MaxHexGroups) * (HexDigits + 1))
            return false;
        int index = 0, more = 0;
        foreach (Range range in groups.Split(':'))
        {
            ReadOnlySpan<char> group = groups[range];
            foreach (char c in group)
                if (!char.IsAsciiHexDigit(c) && !char.IsDigit(c))
                    return false;
            bool isLast = range.End.Value == groups.Length;
            if (index++ >= 2)
                more += Math.Max(isLast ? 0 : 1, (group.Length + HexDigits - 1) / HexDigits);
            else if (group.Length > HexDigits || isLast)
                return false;
        }
        return index > 2 && more <= MaxHexGroups;
    }

    private static bool AreDigits(ReadOnlySpan<char> text, int most)
    {
        int count = 0;
        foreach (Rune rune in text.EnumerateRunes())
            if (++count > most || Rune.GetUnicodeCategory(rune) != UnicodeCategory.DecimalDigitNumber)
                return false;
        return count > 0;
    }

    /// <summary>Whether a text has letters, digits, underscores and the others given, and so many of them.</summary>
    private static bool IsEvery(ReadOnlySpan<char> text, string others, int least, int most)
    {
        int count = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (++count > most || !(WordCharacters.Has(rune) || (rune.IsBmp && others.Contains((char)rune.Value))))
                return false;
        }
        return count >= least;
    }
}
