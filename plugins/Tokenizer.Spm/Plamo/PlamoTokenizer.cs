using System.Text;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm.Plamo;

/// <summary>PLaMo 2: a unigram model searched from the text's end, with whole-number scores; of two covers that score alike the longer piece stays. No marks for spaces.</summary>
internal sealed class PlamoTokenizer : SegmentedTokenizer
{
    // Scores are counted in ten-thousandths; a character that no piece covers costs a thousand.
    private const double Unit = 1e4;
    private const long UnknownCost = 10_000_000, MostCost = 2 * UnknownCost;

    // Bounds what one position of a text can cost.
    private const int LongestToken = 1024;

    // What PLaMo 2 has; llama.cpp's defaults.
    private static readonly Dictionary<SpecialToken, int> Defaults = new()
    {
        [SpecialToken.Unknown] = 0,
        [SpecialToken.Bos] = 1,
        [SpecialToken.Eos] = 2,
        [SpecialToken.Padding] = 3,
    };

    private readonly ByteTrie _trie;
    private readonly long[] _costs;
    private readonly int[] _byteTokens;
    private readonly ScratchPool<Scratch> _pool = new();

    public PlamoTokenizer(TokenizerAssets assets) : base(assets, new TokenTable(assets, Spell, Defaults))
    {
        if (assets.Scores.Length == 0)
            throw new ModelFormatException("tokenizer.ggml.scores: missing; PLaMo needs them");
        _costs = new long[Table.Count];
        for (int id = 0; id < _costs.Length; id++)
        {
            double cost = -Math.Round(assets.Scores[id] * Unit, MidpointRounding.AwayFromZero);
            // A score that is no number, or too low, keeps a piece out.
            _costs[id] = cost < MostCost && double.IsFinite(cost) ? (long)Math.Max(cost, -MostCost) : long.MaxValue;
        }
        _trie = ByteTrie.Build(Table.Count, id => assets.Tokens[id], id => Table.IsText(id) && _costs[id] < long.MaxValue && assets.Tokens[id].Length <= LongestToken);
        _byteTokens = ByteTokens.Find(Table);
        int missing = Array.IndexOf(_byteTokens, -1);
        if (missing >= 0)
            throw new ModelFormatException($"tokenizer.ggml.tokens: byte 0x{missing:X2} has no token");
        if (assets.AddBos == true)
            Prefix = Table.Require(SpecialToken.Bos, "a text starts with BOS");
        if (assets.AddEos == true)
            Suffix = Table.Require(SpecialToken.Eos, "a text ends with EOS");
    }

    public override ITokenDecoder CreateDecoder(bool skipControl) => new PieceDecoder(Table, skipControl, stripFirstSpace: false, cleanSpaces: false);

    protected override void EncodeSegment(ReadOnlySpan<char> text, List<int> ids)
    {
        // A byte order mark at the start is no text.
        if (text[0] == '\uFEFF')
            text = text[1..];
        Scratch scratch = _pool.Rent();
        ReadOnlySpan<byte> bytes = scratch.Set(text);
        Span<Node> nodes = scratch.Nodes.AsSpan(0, bytes.Length + 1);
        nodes[bytes.Length] = default;
        for (int at = bytes.Length - 1; at >= 0; at--)
            if ((bytes[at] & 0xC0) != 0x80)
                nodes[at] = Best(bytes, at, nodes);
        for (int at = 0; at < bytes.Length; at = nodes[at].End)
        {
            if (nodes[at].Token >= 0)
                ids.Add(nodes[at].Token);
            else
                foreach (byte value in bytes[at..nodes[at].End])
                    ids.Add(_byteTokens[value]);
        }
        if (scratch.IsSmall)
            _pool.Return(scratch);
    }

    private Node Best(ReadOnlySpan<byte> text, int at, ReadOnlySpan<Node> nodes)
    {
        int next = at + text[at] switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
        Node best = new(nodes[next].Cost + UnknownCost, -1, next);
        int node = 0;
        for (int i = at; i < text.Length; i++)
        {
            node = _trie.Step(node, text[i]);
            if (node < 0)
                break;
            int token = _trie.Token(node);
            bool atCharacter = i + 1 == text.Length || (text[i + 1] & 0xC0) != 0x80;
            if (token >= 0 && atCharacter && nodes[i + 1].Cost + _costs[token] <= best.Cost)
                best = new Node(nodes[i + 1].Cost + _costs[token], token, i + 1);
        }
        return best;
    }

    private static void Spell(int id, TokenKind kind, ReadOnlySpan<byte> spelling, List<byte> bytes)
    {
        if (kind == TokenKind.Byte)
            bytes.Add(ByteTokens.Parse(id, spelling));
        else
            bytes.AddRange(spelling);
    }

    private readonly record struct Node(long Cost, int Token, int End);

    private sealed class Scratch
    {
        private byte[] _bytes = new byte[256];

        public Node[] Nodes { get; private set; } = new Node[256];

        public bool IsSmall => _bytes.Length <= 1 << 16;

        public ReadOnlySpan<byte> Set(ReadOnlySpan<char> text)
        {
            int length = Encoding.UTF8.GetByteCount(text);
            if (_bytes.Length <= length)
            {
                _bytes = new byte[length + 1L];
                Nodes = new Node[length + 1L];
            }
            return _bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, _bytes));
        }
    }
}
