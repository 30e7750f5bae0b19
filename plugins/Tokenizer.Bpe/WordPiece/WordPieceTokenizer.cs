using System.Text;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe.WordPiece;

/// <summary>WordPiece: each word becomes the longest tokens from its left; a word that has no such cover becomes the unknown token.</summary>
/// <remarks>GGUF spells the start of a word with U+2581 in front and drops <c>##</c> elsewhere.</remarks>
internal sealed class WordPieceTokenizer : SegmentedTokenizer, IPairTokenizer
{
    private const char WordStart = '▁';

    // Bounds what one position of a word can cost.
    private const int LongestToken = 1024;

    // What bert-base has; older files do not name them.
    private static readonly Dictionary<SpecialToken, int> Defaults = new()
    {
        [SpecialToken.Padding] = 0,
        [SpecialToken.Unknown] = 100,
        [SpecialToken.Classification] = 101,
        [SpecialToken.Separator] = 102,
        [SpecialToken.Mask] = 103,
    };

    private readonly BertNormalizer _normalizer;
    private readonly SpellingTrie _trie;
    private readonly int _unknown;
    private readonly ScratchPool<Scratch> _pool = new();

    public WordPieceTokenizer(TokenizerAssets assets) : base(assets, new TokenTable(assets, Spell, Defaults))
    {
        bool lowercase = assets.Lowercase ?? true;
        _normalizer = new BertNormalizer(lowercase, assets.StripAccents ?? lowercase);
        _trie = new SpellingTrie(assets.Tokens.Length * 2);
        for (int id = 0; id < Table.Count; id++)
        {
            if (!Table.IsText(id) || assets.Tokens[id].Length == 0)
                continue;
            if (assets.Tokens[id].Length > LongestToken)
                throw new ModelFormatException($"tokenizer.ggml.tokens: token {id} is {assets.Tokens[id].Length} bytes long, at most {LongestToken} are supported");
            _trie.Add(Encoding.UTF8.GetString(assets.Tokens[id]), id);
        }
        _unknown = Table.Require(SpecialToken.Unknown, "WordPiece needs a token for unknown words");
        if (assets.AddBos != false)
            Prefix = assets.Special.TryGetValue(SpecialToken.Bos, out int bos) && !assets.Special.ContainsKey(SpecialToken.Classification)
                ? bos : Table.Require(SpecialToken.Classification, "a text starts with [CLS]");
        if (assets.AddEos != false)
            Suffix = Table.Require(SpecialToken.Separator, "a text ends with [SEP]");
    }

    /// <inheritdoc/>
    public int PairTokens => (Prefix is null ? 0 : 1) + (Suffix is null ? 0 : 2);

    /// <inheritdoc/>
    public void JoinPair(ReadOnlySpan<int> first, ReadOnlySpan<int> second, List<int> ids, List<int> types)
    {
        int before = ids.Count;
        Add(Prefix, ids);
        ids.AddRange(first);
        Add(Suffix, ids);
        types.AddRange(Enumerable.Repeat(0, ids.Count - before));
        before = ids.Count;
        ids.AddRange(second);
        Add(Suffix, ids);
        types.AddRange(Enumerable.Repeat(1, ids.Count - before));
    }

    private static void Add(int? id, List<int> ids)
    {
        if (id is { } token)
            ids.Add(token);
    }

    public override ITokenDecoder CreateDecoder(bool skipControl) =>
        new PieceDecoder(Table, skipControl, stripFirstSpace: skipControl, cleanSpaces: true);

    protected override void EncodeSegment(ReadOnlySpan<char> text, List<int> ids)
    {
        Scratch scratch = _pool.Rent();
        scratch.Words.Clear();
        scratch.Ends.Clear();
        _normalizer.Split(text, scratch.Words, scratch.Ends);
        ReadOnlySpan<char> words = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(scratch.Words);
        int start = 0;
        foreach (int end in scratch.Ends)
        {
            EncodeWord(words[start..end], ids);
            start = end;
        }
        if (scratch.Words.Capacity <= 1 << 16)
            _pool.Return(scratch);
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        int before = ids.Count;
        int node = _trie.Step(0, WordStart);
        int at = 0;
        do
        {
            (int token, int end) = Longest(word, at, node);
            if (token < 0)
            {
                ids.RemoveRange(before, ids.Count - before);
                ids.Add(_unknown);
                return;
            }
            ids.Add(token);
            at = end;
            node = 0;
        }
        while (at < word.Length);
    }

    private (int Token, int End) Longest(ReadOnlySpan<char> word, int at, int node)
    {
        (int token, int end) = (node > 0 ? _trie.Token(node) : -1, at);
        for (int i = at; i < word.Length && node >= 0; i++)
        {
            node = _trie.Step(node, word[i]);
            if (node >= 0 && _trie.Token(node) >= 0)
                (token, end) = (_trie.Token(node), i + 1);
        }
        return (token, end);
    }

    private static void Spell(int id, TokenKind kind, ReadOnlySpan<byte> spelling, List<byte> bytes)
    {
        if (kind == TokenKind.Byte)
            bytes.Add(ByteTokens.Parse(id, spelling));
        else if (kind is TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown)
            bytes.AddRange(spelling);
        else
            WordMarks.ToSpaces(spelling, bytes);
    }

    private sealed class Scratch
    {
        public List<char> Words { get; } = [];
        public List<int> Ends { get; } = [];
    }
}
