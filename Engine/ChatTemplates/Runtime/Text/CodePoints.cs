namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Strings as Python counts them: by code points, where .NET has UTF-16 units.</summary>
internal static class CodePoints
{
    public static bool AreUnits(string text) => !text.AsSpan().ContainsAnyInRange('\ud800', '\udfff');

    public static int Length(string text) => AreUnits(text) ? text.Length : Length(text.AsSpan());

    public static int Length(ReadOnlySpan<char> text)
    {
        int length = text.Length;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (!char.IsSurrogatePair(text[i], text[i + 1]))
                continue;
            length--;
            i++;
        }
        return length;
    }

    /// <summary>Code points before a UTF-16 position.</summary>
    public static int IndexOf(string text, int unit) => Length(text.AsSpan(0, unit));

    /// <summary>The UTF-16 position of a code point.</summary>
    public static int UnitOf(string text, int point)
    {
        if (AreUnits(text))
            return Math.Min(point, text.Length);
        int unit = 0;
        for (; point > 0 && unit < text.Length; point--)
            unit += SizeAt(text, unit);
        return unit;
    }

    public static string At(string text, int point)
    {
        int unit = UnitOf(text, point);
        return text.Substring(unit, SizeAt(text, unit));
    }

    public static IEnumerable<string> Each(string text)
    {
        for (int unit = 0; unit < text.Length;)
        {
            int size = SizeAt(text, unit);
            yield return text.Substring(unit, size);
            unit += size;
        }
    }

    public static int SizeAt(string text, int unit) => char.IsSurrogatePair(text, unit) ? 2 : 1;

    /// <summary>Python's order: by code point.</summary>
    public static int Compare(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
            return left.Length - right.Length;
        (char a, char b) = (left[same], right[same]);
        // Surrogates stand for code points above all others.
        bool aHigh = char.IsSurrogate(a);
        return aHigh == char.IsSurrogate(b) ? a - b : aHigh ? 1 : -1;
    }
}
