using System.Text;

namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>GPT-2's printable alphabet: each byte is one character, itself where that can be seen, else the next one from U+0100.</summary>
/// <remarks><see href="https://github.com/openai/gpt-2/blob/master/src/encoder.py">bytes_to_unicode</see> of GPT-2.</remarks>
public sealed class ByteAlphabet
{
    private const int Size = 0x144;
    private readonly short[] _bytes = new short[Size];
    private readonly char[] _letters = new char[256];

    /// <summary>Builds the alphabet.</summary>
    public ByteAlphabet()
    {
        Array.Fill(_bytes, (short)-1);
        int next = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool visible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            _letters[value] = (char)(visible ? value : next++);
            _bytes[_letters[value]] = (short)value;
        }
    }

    /// <summary>The character of a byte.</summary>
    public char Letter(byte value) => _letters[value];

    /// <summary>Appends the bytes that a spelling stands for; false, and nothing appended, where it leaves the alphabet.</summary>
    public bool TryDecode(ReadOnlySpan<byte> spelling, List<byte> result)
    {
        int before = result.Count;
        while (!spelling.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(spelling, out Rune rune, out int used) != System.Buffers.OperationStatus.Done
                || rune.Value >= Size || _bytes[rune.Value] < 0)
            {
                result.RemoveRange(before, result.Count - before);
                return false;
            }
            result.Add((byte)_bytes[rune.Value]);
            spelling = spelling[used..];
        }
        return true;
    }

    /// <summary>Writes the bytes of a spelling; −1 where it leaves the alphabet.</summary>
    public int Decode(ReadOnlySpan<char> spelling, Span<byte> destination)
    {
        for (int i = 0; i < spelling.Length; i++)
        {
            if (spelling[i] >= Size || _bytes[spelling[i]] < 0)
                return -1;
            destination[i] = (byte)_bytes[spelling[i]];
        }
        return spelling.Length;
    }
}
