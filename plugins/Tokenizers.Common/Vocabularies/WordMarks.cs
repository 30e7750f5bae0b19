namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>U+2581, which SentencePiece writes for a space.</summary>
public static class WordMarks
{
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
}
