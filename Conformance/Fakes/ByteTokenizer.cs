using System.Text;

namespace Tessera.Conformance.Fakes;

/// <summary>A tokenizer without a model: ids 0–255 are bytes, then come <c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c> and <c>&lt;|end|&gt;</c>, all of them control tokens.</summary>
public sealed class ByteTokenizer : ITokenizer
{
    /// <summary>Begins a text.</summary>
    public const int Bos = 256;
    /// <summary>Ends a text.</summary>
    public const int Eos = 257;
    /// <summary>Ends a turn.</summary>
    public const int Eot = 258;
    /// <summary>The number of ids.</summary>
    public const int Size = 259;

    private static readonly string[] Spellings = ["<s>", "</s>", "<|end|>"];
    private readonly byte[][] _pieces = [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b }), .. Spellings.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc/>
    public int VocabularySize => Size;

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokens { get; } = [Eos, Eot];

    /// <inheritdoc/>
    public int? Special(SpecialToken role) => role switch
    {
        SpecialToken.Bos => Bos,
        SpecialToken.Eos => Eos,
        SpecialToken.Eot => Eot,
        _ => null,
    };

    /// <inheritdoc/>
    public TokenKind Kind(int id)
    {
        Check(id);
        return id < 256 ? TokenKind.Byte : TokenKind.Control;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Piece(int id)
    {
        Check(id);
        return _pieces[id];
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (options.AddSpecial)
            ids.Add(Bos);
        int start = 0;
        for (int i = 0; options.ParseSpecial && i < text.Length;)
        {
            int special = SpecialAt(text, i, options.SpecialBreaks);
            if (special < 0)
            {
                i++;
                continue;
            }
            AddBytes(text[start..i], ids);
            ids.Add(Bos + special);
            i += Spellings[special].Length;
            start = i;
        }
        AddBytes(text[start..], ids);
    }

    /// <inheritdoc/>
    public ITokenDecoder CreateDecoder(bool skipControl) => new Decoder(this, skipControl);

    /// <summary>The ids of a text: bytes only.</summary>
    public int[] Encode(string text)
    {
        List<int> ids = [];
        Encode(text, default, ids);
        return [.. ids];
    }

    private static int SpecialAt(ReadOnlySpan<char> text, int start, ReadOnlySpan<int> breaks)
    {
        for (int s = 0; s < Spellings.Length; s++)
        {
            if (!text[start..].StartsWith(Spellings[s], StringComparison.Ordinal))
                continue;
            int end = start + Spellings[s].Length;
            bool split = false;
            foreach (int at in breaks)
                split |= at > start && at < end;
            return split ? -1 : s;
        }
        return -1;
    }

    private static void AddBytes(ReadOnlySpan<char> text, List<int> ids)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        int count = Encoding.UTF8.GetBytes(text, bytes);
        for (int i = 0; i < count; i++)
            ids.Add(bytes[i]);
    }

    private static void Check(int id)
    {
        if ((uint)id >= Size)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"expected 0 to {Size - 1}");
    }

    private sealed class Decoder(ByteTokenizer tokenizer, bool skipControl) : ITokenDecoder
    {
        public int MaxBytes => 8;

        public int Append(int id, Span<byte> destination)
        {
            ReadOnlySpan<byte> piece = tokenizer.Piece(id);
            if (skipControl && id >= 256)
                return 0;
            piece.CopyTo(destination);
            return piece.Length;
        }

        public int Finish(Span<byte> destination) => 0;

        public void Reset()
        {
            // Nothing is held back between tokens.
        }
    }
}
