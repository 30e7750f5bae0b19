using System.Text;

namespace Tessera.Tokenizer.Spm.Tests;

/// <summary>Writes a tokenizer.model, field by field.</summary>
internal sealed class ModelWriter
{
    private readonly List<byte> _bytes = [];
    private readonly List<byte> _trainer = [], _normalizer = [];

    public ModelWriter Piece(string spelling, float score = 0, TokenKind kind = TokenKind.Normal)
    {
        List<byte> piece = [];
        Block(piece, 1, Encoding.UTF8.GetBytes(spelling));
        Tag(piece, 2, 5);
        piece.AddRange(BitConverter.GetBytes(score));
        if (kind != TokenKind.Normal)
            Number(piece, 3, (ulong)kind);
        Block(_bytes, 1, [.. piece]);
        return this;
    }

    public ModelWriter Bytes()
    {
        for (int value = 0; value < 256; value++)
            Piece($"<0x{value:X2}>", 0, TokenKind.Byte);
        return this;
    }

    public ModelWriter Trainer(int field, ulong value)
    {
        Number(_trainer, field, value);
        return this;
    }

    public ModelWriter Trainer(int field, string value)
    {
        Block(_trainer, field, Encoding.UTF8.GetBytes(value));
        return this;
    }

    public ModelWriter Normalizer(int field, bool value)
    {
        Number(_normalizer, field, value ? 1u : 0);
        return this;
    }

    public ModelWriter Map(params (string From, string To)[] rules)
    {
        Block(_normalizer, 2, CharsMapWriter.Write(rules));
        return this;
    }

    public byte[] ToBytes()
    {
        List<byte> all = [.. _bytes];
        Block(all, 2, [.. _trainer]);
        Block(all, 3, [.. _normalizer]);
        // Fields that a reader does not know are stepped over: a number, a double, a text.
        Number(all, 200, 7);
        Tag(all, 201, 1);
        all.AddRange(BitConverter.GetBytes(1.0));
        Block(all, 4, "self test"u8.ToArray());
        return [.. all];
    }

    private static void Tag(List<byte> to, int field, int wireType) => Varint(to, (ulong)field << 3 | (uint)wireType);

    private static void Number(List<byte> to, int field, ulong value)
    {
        Tag(to, field, 0);
        Varint(to, value);
    }

    private static void Block(List<byte> to, int field, byte[] value)
    {
        Tag(to, field, 2);
        Varint(to, (ulong)value.Length);
        to.AddRange(value);
    }

    private static void Varint(List<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.Add((byte)(value | 0x80));
        to.Add((byte)value);
    }
}
