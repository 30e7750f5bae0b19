using System.Buffers.Binary;

namespace Tessera.Tokenizer.Spm.Files;

/// <summary>Walks the fields of one <see href="https://protobuf.dev/programming-guides/encoding/">protobuf</see> message. Every length is checked against what is left.</summary>
/// <param name="bytes">The message.</param>
/// <param name="what">What it is, for messages.</param>
internal ref struct ProtoReader(ReadOnlySpan<byte> bytes, string what)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private readonly int _length = bytes.Length;

    /// <summary>The number of the field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>A varint's or fixed field's value.</summary>
    public ulong Value { get; private set; }

    /// <summary>A length-delimited field's bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    private int _wireType;

    /// <summary>Reads the next field; false at the end.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        ulong tag = Varint();
        (Field, _wireType) = ((int)Math.Min(tag >> 3, int.MaxValue), (int)(tag & 7));
        Value = 0;
        Bytes = default;
        switch (_wireType)
        {
            case 0:
                Value = Varint();
                break;
            case 1:
                Value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                Value = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw Broken($"field {Field} has wire type {_wireType}, expected 0, 1, 2 or 5");
        }
        return true;
    }

    /// <summary>The field as a number.</summary>
    public readonly int Int32() => Expect(0) ? (int)Value : 0;

    /// <summary>The field as a flag.</summary>
    public readonly bool Flag() => Expect(0) && Value != 0;

    /// <summary>The field as a float.</summary>
    public readonly float Single() => Expect(5) ? BitConverter.UInt32BitsToSingle((uint)Value) : 0;

    /// <summary>The field's bytes.</summary>
    public readonly ReadOnlySpan<byte> Block() => Expect(2) ? Bytes : default;

    private readonly bool Expect(int type) => _wireType == type ? true : throw Broken($"field {Field} has wire type {_wireType}, expected {type}");

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
        throw Broken("a number is longer than 10 bytes");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
            throw Broken($"{count} bytes wanted at {_length - _rest.Length}, {_rest.Length} are left");
        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }

    private readonly ModelFormatException Broken(string text) => new($"tokenizer.model: {what}: {text}");
}
