using System.Buffers.Binary;

namespace Tessera.Tokenizers.Common.Normalization;

/// <summary>SentencePiece's compiled character map: byte sequences and what each becomes. Immutable.</summary>
/// <remarks>A u32 length, that many bytes of a <see href="https://github.com/s-yata/darts-clone">Darts-clone</see> double array, then the replacements, each ended by a zero byte.
/// A unit of the array: bits 0–7 the label, bit 8 whether a value follows, bit 9 whether the offset is in units of 256, bits 10–30 the offset; a value has bit 31 set.</remarks>
public sealed class CharsMap
{
    private const uint ValueFlag = 1u << 31;

    // Bounds how much a text can grow; the longest of NFKC has 33 bytes.
    private const int LongestReplacement = 128;

    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private CharsMap(uint[] units, byte[] replacements) => (_units, _replacements) = (units, replacements);

    /// <summary>Reads a map; an empty one changes nothing.</summary>
    /// <exception cref="ModelFormatException">The lengths do not fit.</exception>
    public static CharsMap Read(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return new CharsMap([], []);
        if (data.Length < 4)
            throw new ModelFormatException($"precompiled_charsmap: {data.Length} bytes, expected a length of 4 bytes at least");
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(data);
        data = data[4..];
        if (size > data.Length || size % 4 != 0)
            throw new ModelFormatException($"precompiled_charsmap: the double array has {size} bytes, expected a multiple of 4, at most the {data.Length} left");
        uint[] units = new uint[size / 4];
        for (int i = 0; i < units.Length; i++)
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(data[(4 * i)..]);
        byte[] replacements = data[(int)size..].ToArray();
        if (units.Length > 0 && (replacements.Length == 0 || replacements[^1] != 0))
            throw new ModelFormatException("precompiled_charsmap: the last replacement is not ended by a zero byte");
        return new CharsMap(units, replacements);
    }

    /// <summary>Whether the map changes nothing.</summary>
    public bool IsEmpty => _units.Length == 0;

    /// <summary>Finds what the start of a text becomes.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="longest">Takes the longest sequence that the map has (SentencePiece), else the shortest (Hugging Face).</param>
    /// <param name="replacement">What stands for it.</param>
    /// <returns>The length of the sequence; 0 where the map has none.</returns>
    /// <exception cref="ModelFormatException">The array points outside of itself or of the replacements.</exception>
    public int Match(ReadOnlySpan<byte> text, bool longest, out ReadOnlySpan<byte> replacement)
    {
        replacement = default;
        if (_units.Length == 0)
            return 0;
        int length = 0;
        uint value = 0;
        uint node = Offset(_units[0]);
        for (int i = 0; i < text.Length && text[i] != 0; i++)
        {
            StepCounter.Add();
            node ^= text[i];
            uint unit = Unit(node);
            if ((unit & (ValueFlag | 0xFF)) != text[i])
                break;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 0)
                continue;
            (length, value) = (i + 1, Unit(node) & ~ValueFlag);
            if (!longest)
                break;
        }
        if (length == 0)
            return 0;
        if (value >= _replacements.Length)
            throw new ModelFormatException($"precompiled_charsmap: a replacement is at byte {value}, there are {_replacements.Length}");
        replacement = _replacements.AsSpan((int)value);
        replacement = replacement[..replacement.IndexOf((byte)0)];
        return replacement.Length <= LongestReplacement ? length
            : throw new ModelFormatException($"precompiled_charsmap: a replacement is {replacement.Length} bytes long, at most {LongestReplacement} are supported");
    }

    private uint Unit(uint node) => node < _units.Length
        ? _units[node]
        : throw new ModelFormatException($"precompiled_charsmap: the double array points at unit {node}, it has {_units.Length}");

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1 << 9) >> 6);
}
