namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>Where a text can be cut so that no token crosses: between two bytes that stand side by side in no token. Merging the parts one by one gives what merging the
/// whole text gives, and the parts stay in the cache.</summary>
/// <remarks>A mark for a space ends what is before it too, where no token has one behind anything but marks.</remarks>
public sealed class WordSeams
{
    // One bit for each pair of bytes: the left byte is the upper half of the index.
    private readonly ulong[] _joined = new ulong[1 << 10];
    private readonly bool _marksAreApart;

    /// <summary>Finds the seams of a vocabulary.</summary>
    /// <param name="count">The number of tokens.</param>
    /// <param name="token">The bytes of a token.</param>
    /// <param name="include">Whether text can become the token.</param>
    /// <param name="mayBegin">Whether a part may begin with a character whose first byte this is; null: with any.</param>
    /// <param name="marksMayBegin">Whether a part may begin with a mark.</param>
    public WordSeams(int count, Func<int, ReadOnlyMemory<byte>> token, Func<int, bool> include, Func<byte, bool>? mayBegin = null, bool marksMayBegin = true)
    {
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(include);
        _marksAreApart = marksMayBegin;
        for (int id = 0; id < count; id++)
        {
            if (!include(id))
                continue;
            ReadOnlySpan<byte> bytes = token(id).Span;
            _marksAreApart &= WordMarks.IsApart(bytes);
            for (int i = 1; i < bytes.Length; i++)
                Join(bytes[i - 1], bytes[i]);
        }
        for (int value = 0; value < 256; value++)
        {
            // The bytes inside a character.
            if ((value & 0xC0) != 0x80 && (mayBegin is null || mayBegin((byte)value)))
                continue;
            for (int left = 0; left < 256; left++)
                Join((byte)left, (byte)value);
        }
    }

    /// <summary>The end of the part that starts at the start of a text, which is UTF-8.</summary>
    public int PartEnd(ReadOnlySpan<byte> text)
    {
        ulong[] joined = _joined;
        for (int i = 1; i < text.Length; i++)
        {
            StepCounter.Add();
            int pair = text[i - 1] << 8 | text[i];
            if ((joined[pair >> 6] >> pair & 1) == 0)
                return i;
            if (_marksAreApart && text[i] == WordMarks.Utf8[0] && text[i..].StartsWith(WordMarks.Utf8) && !text[..i].EndsWith(WordMarks.Utf8))
                return i;
        }
        return text.Length;
    }

    private void Join(byte left, byte right)
    {
        int pair = left << 8 | right;
        _joined[pair >> 6] |= 1UL << pair;
    }
}
