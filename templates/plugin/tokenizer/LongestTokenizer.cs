using System.Text;
using Tessera.Abstractions.Tokenizers;

namespace Acme.Plugin;

/// <summary>From left to right the longest token that fits; a character that no token begins with is the unknown token.</summary>
public sealed class LongestTokenizer : ITokenizer
{
    private readonly TokenizerAssets _assets;
    private readonly Dictionary<string, int> _plain = new(StringComparer.Ordinal), _control = new(StringComparer.Ordinal);
    private readonly int _longest;

    internal LongestTokenizer(TokenizerAssets assets)
    {
        _assets = assets;
        for (int id = 0; id < assets.Tokens.Length; id++)
        {
            string spelling = Encoding.UTF8.GetString(assets.Tokens[id]);
            _longest = Math.Max(_longest, spelling.Length);
            if (assets.Kinds[id] is TokenKind.Control)
                _control.TryAdd(spelling, id);
            else if (assets.Kinds[id] is not (TokenKind.Unknown or TokenKind.Unused))
                _plain.TryAdd(spelling, id);
        }
        EndTokens = [.. new[] { SpecialToken.Eos, SpecialToken.Eot }.Select(Special).OfType<int>().Distinct().Order()];
    }

    /// <inheritdoc/>
    public int VocabularySize => _assets.Tokens.Length;

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokens { get; }

    /// <inheritdoc/>
    public int? Special(SpecialToken role) => _assets.Special.TryGetValue(role, out int id) ? id : null;

    /// <inheritdoc/>
    public TokenKind Kind(int id) => _assets.Kinds[Checked(id)];

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Piece(int id) => _assets.Tokens[Checked(id)];

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
    {
        if (options.AddSpecial && _assets.AddBos == true && Special(SpecialToken.Bos) is { } bos)
            ids.Add(bos);
        var plain = _plain.GetAlternateLookup<ReadOnlySpan<char>>();
        var control = _control.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int at = 0; at < text.Length;)
        {
            int length = Math.Min(_longest, text.Length - at), id = -1;
            for (; length > 0; length--)
                if (plain.TryGetValue(text.Slice(at, length), out id) || (options.ParseSpecial && control.TryGetValue(text.Slice(at, length), out id) && !IsBroken(options, at, length)))
                    break;
            if (length == 0)
            {
                Rune.DecodeFromUtf16(text[at..], out _, out length);
                id = _assets.Special[SpecialToken.Unknown];
            }
            ids.Add(id);
            at += length;
        }
        if (options.AddSpecial && _assets.AddEos == true && Special(SpecialToken.Eos) is { } eos)
            ids.Add(eos);
    }

    /// <inheritdoc/>
    public ITokenDecoder CreateDecoder(bool skipControl) => new Decoder(this, skipControl);

    private static bool IsBroken(in EncodeOptions options, int at, int length)
    {
        foreach (int position in options.SpecialBreaks)
            if (position > at && position < at + length)
                return true;
        return false;
    }

    private int Checked(int id) => (uint)id < (uint)VocabularySize ? id : throw new ArgumentOutOfRangeException(nameof(id), id, $"expected 0 to {VocabularySize - 1}");

    private sealed class Decoder(LongestTokenizer tokenizer, bool skipControl) : ITokenDecoder
    {
        public int MaxBytes { get; } = tokenizer._assets.Tokens.Max(t => t.Length);

        public int Append(int id, Span<byte> destination)
        {
            if (skipControl && tokenizer.Kind(id) is TokenKind.Control or TokenKind.Unknown)
                return 0;
            ReadOnlySpan<byte> piece = tokenizer.Piece(id);
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
