using System.Text;

namespace Tessera.Tokenizer.Spm.Normalization;

/// <summary>A growing UTF-8 text. Reused from text to text.</summary>
internal sealed class NormalText
{
    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public byte[] Bytes => _bytes;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    public void Append(byte value)
    {
        Room(1)[0] = value;
        Length++;
    }

    /// <summary>Appends UTF-16; unpaired surrogates become U+FFFD.</summary>
    public void Append(ReadOnlySpan<char> text) => Length += Encoding.UTF8.GetBytes(text, Room(text.Length * 3L));

    public void Cut(int length) => Length = length;

    private Span<byte> Room(long more)
    {
        if (_bytes.Length - Length < more)
            Array.Resize(ref _bytes, checked((int)Math.Max(Length + more, Math.Min(_bytes.Length * 2L, Array.MaxLength))));
        return _bytes.AsSpan(Length);
    }
}
