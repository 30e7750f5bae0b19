using Tessera.Engine.Grammars.Syntax;

namespace Tessera.Engine.Grammars.Automaton;

/// <summary>Characters whose UTF-8 bytes are all combinations of one range for each byte.</summary>
/// <param name="Length">Bytes of each.</param>
/// <param name="Low">The lowest bytes, the first one highest.</param>
/// <param name="High">The highest ones.</param>
internal readonly record struct Utf8Sequence(int Length, uint Low, uint High)
{
    /// <summary>The range of a byte.</summary>
    public (byte Low, byte High) this[int index] => ((byte)(Low >> 8 * (Length - 1 - index)), (byte)(High >> 8 * (Length - 1 - index)));
}

/// <summary>Splits ranges of code points by their UTF-8 bytes. The sequences ascend, and two of them that may begin with the same byte begin with that one only.</summary>
internal static class Utf8Sequences
{
    // The last code point of each length.
    private static ReadOnlySpan<int> Lasts => [0x7F, 0x7FF, 0xFFFF, CharacterRange.Maximum];

    /// <summary>The sequences of some ranges, which have no surrogates.</summary>
    public static List<Utf8Sequence> Of(CharacterRange[] ranges)
    {
        List<Utf8Sequence> result = [];
        foreach ((int first, int last) in ranges)
            for (int length = 1, from = first; from <= last; length++)
            {
                int to = Math.Min(last, Lasts[length - 1]);
                if (from > to)
                    continue;
                Split(from, to, length, result);
                from = to + 1;
            }
        return result;
    }

    private static void Split(int first, int last, int length, List<Utf8Sequence> result)
    {
        for (int level = 1; level < length; level++)
        {
            int low = (1 << 6 * level) - 1;
            if ((first & ~low) == (last & ~low))
                continue;
            // Only where all of the following bytes' values are in it may a byte be a range.
            int cut = (first & low) != 0 ? first | low : (last & low) != low ? (last & ~low) - 1 : -1;
            if (cut < 0)
                continue;
            Split(first, cut, length, result);
            Split(cut + 1, last, length, result);
            return;
        }
        result.Add(new Utf8Sequence(length, Encode(first, length), Encode(last, length)));
    }

    private static uint Encode(int codePoint, int length)
    {
        if (length == 1)
            return (uint)codePoint;
        uint bytes = 0;
        for (int i = 0; i < length - 1; i++)
            bytes |= (uint)(0x80 | (codePoint >> 6 * i & 0x3F)) << 8 * i;
        uint marker = 0xFFu << 8 - length & 0xFF;
        return bytes | (marker | (uint)(codePoint >> 6 * (length - 1))) << 8 * (length - 1);
    }
}
