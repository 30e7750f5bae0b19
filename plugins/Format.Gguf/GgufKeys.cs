using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Tessera.Format.Gguf;

/// <summary>Where the value of a key is; the range was checked when the header was read.</summary>
/// <param name="Type">The value's type; for an array, its elements'.</param>
/// <param name="IsArray">Whether it is an array.</param>
/// <param name="Count">The number of elements; 1 where it is not an array.</param>
/// <param name="Offset">The first byte of the value or of the first element.</param>
internal readonly record struct GgufEntry(GgufValueType Type, bool IsArray, int Count, long Offset)
{
    /// <summary>The type for messages.</summary>
    public string TypeText => IsArray ? $"an array of {Count} {GgufValueTypes.Name(Type)}" : GgufValueTypes.Name(Type);
}

/// <summary>The metadata of one file by key; values are read from the file when asked for.</summary>
internal sealed unsafe class GgufKeys(IModelFile file)
{
    /// <summary>Every key, in the file's order.</summary>
    public OrderedDictionary<string, GgufEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>The file's name.</summary>
    public string FileName => file.Name;

    /// <summary>The entry of a key, unless it is absent.</summary>
    public bool TryGet(string key, out GgufEntry entry) => Entries.TryGetValue(key, out entry);

    /// <summary>An element that is a whole number.</summary>
    public Int128 Integer(GgufEntry entry, int index = 0)
    {
        ReadOnlySpan<byte> bytes = Element(entry, index);
        return entry.Type switch
        {
            GgufValueType.U8 or GgufValueType.Bool => bytes[0],
            GgufValueType.I8 => (sbyte)bytes[0],
            GgufValueType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.I16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.I32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.U64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        };
    }

    /// <summary>An element that is a number or a bool.</summary>
    public double Number(GgufEntry entry, int index = 0) => entry.Type switch
    {
        GgufValueType.F32 => BinaryPrimitives.ReadSingleLittleEndian(Element(entry, index)),
        GgufValueType.F64 => BinaryPrimitives.ReadDoubleLittleEndian(Element(entry, index)),
        _ => (double)Integer(entry, index),
    };

    /// <summary>The bytes of a string.</summary>
    public ReadOnlySpan<byte> Utf8(GgufEntry entry)
    {
        GgufReader reader = new(file, entry.Offset);
        return reader.Text(GgufConstants.MaxStringBytes, "string");
    }

    /// <summary>A reader at the first element of an array of strings.</summary>
    public GgufReader Strings(GgufEntry entry) => new(file, entry.Offset);

    /// <summary>The bytes of an array of bytes.</summary>
    public ReadOnlySpan<byte> Raw(GgufEntry entry) => new(file.Data + entry.Offset, entry.Count * GgufValueTypes.Size(entry.Type));

    /// <summary>A value as it stands in the file, its type in front.</summary>
    public ReadOnlySpan<byte> Stored(GgufEntry entry)
    {
        long start = entry.Offset - (entry.IsArray ? sizeof(uint) + sizeof(ulong) : 0) - sizeof(uint), end = entry.Offset;
        if (entry.Type != GgufValueType.String)
            end += (long)entry.Count * GgufValueTypes.Size(entry.Type);
        else
        {
            GgufReader reader = new(file, entry.Offset);
            for (int i = 0; i < entry.Count; i++)
                reader.Text(GgufConstants.MaxStringBytes, "string");
            end = reader.Position;
        }
        return new ReadOnlySpan<byte>(file.Data + start, checked((int)(end - start)));
    }

    /// <summary>A string value, with U+FFFD for what is not UTF-8; false where the key is absent or no string.</summary>
    public bool TryText(string key, [NotNullWhen(true)] out string? text)
    {
        text = TryGet(key, out GgufEntry entry) && entry is { Type: GgufValueType.String, IsArray: false }
            ? Encoding.UTF8.GetString(Utf8(entry))
            : null;
        return text is not null;
    }

    /// <summary>An error about a key.</summary>
    public ModelFormatException Broken(string key, string expected, string found) =>
        GgufErrors.Broken(file.Name, $"key '{key}'", $"expected {expected}, found {found}");

    private ReadOnlySpan<byte> Element(GgufEntry entry, int index)
    {
        int size = GgufValueTypes.Size(entry.Type);
        return new ReadOnlySpan<byte>(file.Data + entry.Offset + (long)index * size, size);
    }
}
