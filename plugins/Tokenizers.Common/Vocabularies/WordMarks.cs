namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>U+2581, which SentencePiece writes for a space.</summary>
public static class WordMarks
{
    /// <summary>The character itself.</summary>
    public const char Mark = '▁';

    /// <summary>Its UTF-8 bytes.</summary>
    public static ReadOnlySpan<byte> Utf8 => "▁"u8;

    /// <summary>Appends a spelling with a space for each mark.</summary>
    public static void ToSpaces(ReadOnlySpan<byte> spelling, List<byte> bytes)
    {
        while (!spelling.IsEmpty)
        {
            if (spelling.StartsWith(Utf8))
            {
                bytes.Add((byte)' ');
                spelling = spelling[Utf8.Length..];
                continue;
            }
            bytes.Add(spelling[0]);
            spelling = spelling[1..];
        }
    }

    /// <summary>Whether no token has a mark behind something else. Then no token crosses such a place: the words of a text can be encoded one by one, which is the
    /// same and stays in the cache.</summary>
    public static bool AreApart(byte[][] tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        foreach (ReadOnlySpan<byte> token in tokens)
            if (!IsApart(token))
                return false;
        return true;
    }

    /// <summary>Whether a token has no mark behind something else.</summary>
    public static bool IsApart(ReadOnlySpan<byte> token) => token[Lead(token)..].IndexOf(Utf8) < 0;

    /// <summary>The end of the word that starts at the start of a text: its marks, then all up to the next mark.</summary>
    public static int WordEnd(ReadOnlySpan<byte> text)
    {
        int lead = Lead(text);
        int next = text[lead..].IndexOf(Utf8);
        return next < 0 ? text.Length : lead + next;
    }

    private static int Lead(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (text[at..].StartsWith(Utf8))
            at += Utf8.Length;
        return at;
    }
}
