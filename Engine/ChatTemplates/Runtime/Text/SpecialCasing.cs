using System.Buffers;
using System.Collections.Frozen;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>The letters whose other case is more than one character, or one that .NET leaves out; the rest of Unicode's SpecialCasing that needs no context.</summary>
internal static class SpecialCasing
{
    // Greek letters with an iota below: each block of 16 stands for 8 letters, whose capitals are elsewhere.
    private const char FirstWithIota = '\u1f80', LastWithIota = '\u1faf', Iota = '\u0399', IotaBelow = '\u0345';

    // Each entry is a letter and its upper case.
    private const string Entries =
        "\u00dfSS \u0149\u02bcN \u01f0J\u030c \u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 \u0587\u0535\u0552 \u1e96H\u0331 \u1e97T\u0308 \u1e98W\u030a " +
        "\u1e99Y\u030a \u1e9aA\u02be \u1f50\u03a5\u0313 \u1f52\u03a5\u0313\u0300 \u1f54\u03a5\u0313\u0301 \u1f56\u03a5\u0313\u0342 \u1fb2\u1fba\u0399 " +
        "\u1fb3\u0391\u0399 \u1fb4\u0386\u0399 \u1fb6\u0391\u0342 \u1fb7\u0391\u0342\u0399 \u1fbc\u0391\u0399 \u1fc2\u1fca\u0399 \u1fc3\u0397\u0399 " +
        "\u1fc4\u0389\u0399 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0399 \u1fcc\u0397\u0399 \u1fd2\u0399\u0308\u0300 \u1fd3\u0399\u0308\u0301 \u1fd6\u0399\u0342 " +
        "\u1fd7\u0399\u0308\u0342 \u1fe2\u03a5\u0308\u0300 \u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 \u1fe6\u03a5\u0342 \u1fe7\u03a5\u0308\u0342 " +
        "\u1ff2\u1ffa\u0399 \u1ff3\u03a9\u0399 \u1ff4\u038f\u0399 \u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0399 \u1ffc\u03a9\u0399 \ufb00FF \ufb01FI \ufb02FL " +
        "\ufb03FFI \ufb04FFL \ufb05ST \ufb06ST \ufb13\u0544\u0546 \ufb14\u0544\u0535 \ufb15\u0544\u053b \ufb16\u054e\u0546 \ufb17\u0544\u053d \u0131I \u017fS";

    private static readonly FrozenDictionary<char, string> Table = All().ToFrozenDictionary(e => e.Letter, e => e.Upper);

    /// <summary>The letters that <see cref="Upper"/> knows.</summary>
    public static SearchValues<char> InUpper { get; } = SearchValues.Create([.. Table.Keys]);

    /// <summary>The letters that <see cref="Lower"/> knows, and the sigma, whose small form depends on its place.</summary>
    public static SearchValues<char> InLower { get; } = SearchValues.Create("\u0130\u03a3\u1e9e\u2126\u212a\u212b");

    /// <summary>A letter's upper case, or null where .NET's is right.</summary>
    public static string? Upper(char letter) => Table.GetValueOrDefault(letter);

    /// <summary>A letter's lower case, or null where .NET's is right or, of the sigma, depends on its place.</summary>
    public static string? Lower(char letter) => letter switch
    {
        '\u0130' => "i\u0307",
        '\u1e9e' => "ß",
        '\u2126' => "ω",
        '\u212a' => "k",
        '\u212b' => "å",
        _ => null,
    };

    /// <summary>A letter as the first of a word.</summary>
    public static string Title(char letter)
    {
        if (letter is >= FirstWithIota and <= LastWithIota)
            return ((char)(letter | 8)).ToString();
        switch (letter)
        {
            case '\u1fb3' or '\u1fc3' or '\u1ff3':
                return ((char)(letter + 9)).ToString();
            case '\u1fbc' or '\u1fcc' or '\u1ffc':
            // Georgian has no capitals at the start of a word.
            case >= '\u10d0' and <= '\u10ff':
                return letter.ToString();
            // Letters that are two: ǅ, ǈ, ǋ, ǲ.
            case >= '\u01c4' and <= '\u01cc':
                return ((char)('\u01c5' + ((letter - '\u01c4') / 3 * 3))).ToString();
            case >= '\u01f1' and <= '\u01f3':
                return "\u01f2";
        }
        string? upper = Upper(letter);
        if (upper is not { Length: > 1 })
            return upper ?? char.ToUpperInvariant(letter).ToString();
        bool isLigature = letter is 'ß' or '\u0587' or >= '\ufb00';
        return isLigature ? upper[..1] + upper[1..].ToLowerInvariant() : upper[^1] == Iota ? upper[..^1] + IotaBelow : upper;
    }

    private static IEnumerable<(char Letter, string Upper)> All()
    {
        foreach (string entry in Entries.Split(' '))
            yield return (entry[0], entry[1..]);
        for (char c = FirstWithIota; c <= LastWithIota; c++)
        {
            char block = ((c - FirstWithIota) / 16) switch { 0 => '\u1f08', 1 => '\u1f28', _ => '\u1f68' };
            yield return (c, $"{(char)(block + (c & 7))}{Iota}");
        }
    }
}
