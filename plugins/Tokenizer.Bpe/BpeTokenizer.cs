using System.Text;
using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe;

/// <summary>BPE by a list of merges: over bytes in GPT-2's alphabet, or over characters of UTF-8 as it is.</summary>
/// <remarks>A byte that the vocabulary cannot spell becomes the unknown token, or nothing where there is none.</remarks>
internal class BpeTokenizer : WordTokenizer
{
    private static readonly Dictionary<SpecialToken, int> NoDefaults = [];

    private readonly PairTable _merges;
    private readonly ByteLookup _lookup;
    private readonly int[] _byteTokens;
    private readonly int _unknown;
    private readonly bool _wholeWords;
    private readonly bool _wholeLineBreaks;
    private readonly bool _isByteLevel;

    /// <summary>Creates the tokenizer.</summary>
    /// <param name="assets">The vocabulary and the merges.</param>
    /// <param name="preTokenizer">How it cuts texts.</param>
    /// <param name="shown">The spelling by which a token is decoded, where it is not the one by which it is found.</param>
    public BpeTokenizer(TokenizerAssets assets, PreTokenizer preTokenizer, byte[][]? shown = null) : this(assets, preTokenizer, shown ?? assets.Tokens, new ByteAlphabet()) { }

    private BpeTokenizer(TokenizerAssets assets, PreTokenizer preTokenizer, byte[][] shown, ByteAlphabet alphabet)
        : base(assets, new TokenTable(assets, Spelling(preTokenizer.Alphabet, alphabet, shown), NoDefaults), preTokenizer)
    {
        if (assets.Merges.Length == 0)
            throw new ModelFormatException("tokenizer.ggml.merges: missing; BPE needs them");
        _isByteLevel = preTokenizer.Alphabet == SpellingAlphabet.Gpt2;
        (_wholeWords, _wholeLineBreaks) = (preTokenizer.WholeWords, preTokenizer.WholeLineBreaks);
        // Merges speak of user-defined tokens in the alphabet too, although those stand for their spelling as it is.
        PieceStore spelled = PieceStore.Build(Table.Count, (id, bytes) =>
        {
            if (!Table.IsText(id))
                return;
            if (_isByteLevel)
                alphabet.TryDecode(assets.Tokens[id], bytes);
            else
                bytes.AddRange(assets.Tokens[id]);
        });
        _lookup = new ByteLookup(spelled, Table.IsText);
        _merges = MergeTable.Read(assets.Merges, _isByteLevel ? alphabet.Decode : Encoding.UTF8.GetBytes, _lookup);
        _byteTokens = _isByteLevel ? [.. Enumerable.Range(0, 256).Select(value => _lookup.Find([(byte)value]))] : ByteTokens.Find(Table);
        _unknown = Table.Special(SpecialToken.Unknown) ?? -1;
    }

    protected override void EncodeWord(ReadOnlySpan<byte> word, MergeList list, List<int> ids)
    {
        if (word.Length == 1 || _wholeWords || (_wholeLineBreaks && !word.ContainsAnyExcept((byte)'\n')))
        {
            int whole = _lookup.Find(word);
            if (whole >= 0)
            {
                ids.Add(whole);
                return;
            }
        }
        list.Clear();
        for (int at = 0; at < word.Length;)
        {
            int length = _isByteLevel ? 1 : word[at] switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
            list.Add(_isByteLevel ? _byteTokens[word[at]] : _lookup.Find(word.Slice(at, length)), length);
            at += length;
        }
        list.Merge(new RankRule(_merges));
        for (int i = list.First; i >= 0; i = list.Next(i))
        {
            if (list.Id(i) >= 0)
                ids.Add(list.Id(i));
            else
                foreach (byte value in word[list.Start(i)..list.End(i)])
                    if ((_byteTokens[value] >= 0 ? _byteTokens[value] : _unknown) is >= 0 and int id)
                        ids.Add(id);
        }
    }

    private static PieceSpelling Spelling(SpellingAlphabet kind, ByteAlphabet alphabet, byte[][] shown) => (id, token, _, bytes) =>
    {
        ReadOnlySpan<byte> spelling = shown[id];
        if (token == TokenKind.Byte)
            bytes.Add(ByteTokens.Parse(id, spelling));
        else if (token is TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown)
            bytes.AddRange(spelling);
        else if (kind == SpellingAlphabet.MarkedSpaces)
            WordMarks.ToSpaces(spelling, bytes);
        else if (kind != SpellingAlphabet.Gpt2 || !alphabet.TryDecode(spelling, bytes))
            bytes.AddRange(spelling);
    };
}
