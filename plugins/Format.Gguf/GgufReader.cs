using System.Buffers.Binary;
using System.Text;

namespace Tessera.Format.Gguf;

/// <summary>
/// Reads a file from front to back, checking each length against the bytes left.
/// Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (all numbers little-endian, nothing padded before the tensor data).
/// </summary>
internal unsafe ref struct GgufReader(IModelFile file, long position)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte* _data = file.Data;
    private readonly long _length = file.Length;

    /// <summary>The offset of the next byte.</summary>
    public long Position { get; private set; } = position;

    /// <summary>What is being read, for messages, such as <c>key</c> or <c>tensor</c>.</summary>
    public string Kind { get; set; } = "header";

    /// <summary>The name of what is being read, or null.</summary>
    public string? Subject { get; set; }

    /// <summary>The bytes left.</summary>
    public readonly long Remaining => _length - Position;

    public uint U32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4, what));

    public ulong U64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8, what));

    /// <summary>The next bytes, which must be there.</summary>
    public ReadOnlySpan<byte> Bytes(int count, string what)
    {
        if (count > Remaining)
            throw Broken($"{what} needs {count} bytes at {Position}, the file has {Remaining} left");
        ReadOnlySpan<byte> bytes = new(_data + Position, count);
        Position += count;
        return bytes;
    }

    /// <summary>Passes over values of a fixed size.</summary>
    public void Skip(ulong count, int size, string what)
    {
        if (count > (ulong)Remaining / (ulong)size)
            throw Broken($"{what} needs {count} × {size} bytes at {Position}, the file has {Remaining} left");
        Position += (long)count * size;
    }

    /// <summary>A string: 64-bit length, then bytes.</summary>
    public ReadOnlySpan<byte> Text(int most, string what)
    {
        ulong length = U64(what);
        if (length > (ulong)Remaining)
            throw Broken($"{what} needs {length} bytes at {Position}, the file has {Remaining} left");
        if (length > (ulong)most)
            throw Broken($"{what}: expected at most {most} bytes, found {length}");
        return Bytes((int)length, what);
    }

    /// <summary>A string that names something: not empty and valid UTF-8.</summary>
    public string Name(int most, string what)
    {
        ReadOnlySpan<byte> utf8 = Text(most, what);
        if (utf8.IsEmpty)
            throw Broken($"{what} at {Position}: expected a name, found an empty string");
        try
        {
            return Strict.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw Broken($"{what}: expected valid UTF-8, found '{Encoding.UTF8.GetString(utf8)}'");
        }
    }

    /// <summary>An error about what is being read.</summary>
    public readonly ModelFormatException Broken(string message) => GgufErrors.Broken(file.Name, What, message);

    /// <summary>An error about what is being read, and breaks no rule.</summary>
    public readonly UnsupportedModelException Unsupported(string message) => GgufErrors.Unsupported(file.Name, What, message);

    private readonly string What => Subject is null ? Kind : $"{Kind} '{Subject}'";
}
