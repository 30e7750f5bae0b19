using System.Text;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe.Rwkv;

/// <summary>RWKV World: from the left, always the longest token.</summary>
internal sealed class RwkvTokenizer : SegmentedTokenizer
{
    // Bounds what one position of a text can cost.
    private const int LongestToken = 1024;

    private static readonly Dictionary<SpecialToken, int> NoDefaults = [];

    private readonly ByteTrie _trie;
    private readonly ScratchPool<Scratch> _pool = new();

    public RwkvTokenizer(TokenizerAssets assets) : base(assets, new TokenTable(assets, Spell, NoDefaults))
    {
        if (Table.Pieces.MaxLength > LongestToken)
            throw new ModelFormatException($"tokenizer.ggml.tokens: a token is {Table.Pieces.MaxLength} bytes long, at most {LongestToken} are supported");
        _trie = ByteTrie.Build(Table.Count, id => Table.Piece(id).ToArray(), Table.IsText);
        for (int value = 0; value < 256; value++)
            if (_trie.Longest([(byte)value]).Length == 0)
                throw new ModelFormatException($"tokenizer.ggml.tokens: byte 0x{value:X2} has no token");
        if (assets.AddBos == true)
            Prefix = Table.Require(SpecialToken.Bos, "a text starts with BOS");
        if (assets.AddEos == true)
            Suffix = Table.Require(SpecialToken.Eos, "a text ends with EOS");
    }

    public override ITokenDecoder CreateDecoder(bool skipControl) => new PieceDecoder(Table, skipControl, stripFirstSpace: false, cleanSpaces: false);

    protected override void EncodeSegment(ReadOnlySpan<char> text, List<int> ids)
    {
        Scratch scratch = _pool.Rent();
        ReadOnlySpan<byte> rest = scratch.Utf8(text);
        while (!rest.IsEmpty)
        {
            (int token, int length) = _trie.Longest(rest);
            ids.Add(token);
            rest = rest[length..];
        }
        if (scratch.IsSmall)
            _pool.Return(scratch);
    }

    private static void Spell(int id, TokenKind kind, ReadOnlySpan<byte> spelling, List<byte> bytes)
    {
        if (kind == TokenKind.Byte)
            bytes.Add(ByteTokens.Parse(id, spelling));
        else if (kind is TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown)
            bytes.AddRange(spelling);
        else
            RwkvSpelling.Decode(id, spelling, bytes);
    }

    private sealed class Scratch
    {
        private byte[] _bytes = new byte[256];

        public bool IsSmall => _bytes.Length <= 1 << 20;

        public ReadOnlySpan<byte> Utf8(ReadOnlySpan<char> text)
        {
            if (_bytes.Length < text.Length * 3L)
                _bytes = new byte[checked(text.Length * 3)];
            return _bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, _bytes));
        }
    }
}
