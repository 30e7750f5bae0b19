using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Splitting;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe;

/// <summary>Byte-level BPE: the pre-tokenizer cuts words, each word's bytes are merged by rank.</summary>
/// <remarks>A byte that the vocabulary cannot spell becomes the unknown token, or nothing where there is none.</remarks>
internal sealed class BpeTokenizer : SegmentedTokenizer
{
    private static readonly Dictionary<SpecialToken, int> NoDefaults = [];

    private readonly PreTokenizer _preTokenizer;
    private readonly PairTable _merges;
    private readonly ByteLookup _lookup;
    private readonly int[] _byteTokens = new int[256];
    private readonly int _unknown;
    private readonly ScratchPool<Scratch> _pool = new();

    public BpeTokenizer(TokenizerAssets assets) : this(assets, new ByteAlphabet()) { }

    private BpeTokenizer(TokenizerAssets assets, ByteAlphabet alphabet) : base(assets, new TokenTable(assets, Spelling(alphabet), NoDefaults))
    {
        if (assets.Merges.Length == 0)
            throw new ModelFormatException("tokenizer.ggml.merges: missing; byte-level BPE needs them");
        _preTokenizer = PreTokenizer.Named(assets.PreTokenizer);
        // Merges speak of user-defined tokens in the alphabet too, although those stand for their spelling as it is.
        PieceStore spelled = PieceStore.Build(Table.Count, (id, bytes) =>
        {
            if (Table.IsText(id))
                alphabet.TryDecode(assets.Tokens[id], bytes);
        });
        _lookup = new ByteLookup(spelled, Table.IsText);
        _merges = MergeTable.Read(assets.Merges, alphabet, _lookup);
        for (int value = 0; value < 256; value++)
            _byteTokens[value] = _lookup.Find([(byte)value]);
        _unknown = Table.Special(SpecialToken.Unknown) ?? -1;
        if (assets.AddBos ?? _preTokenizer.AddsBos)
            Prefix = Table.Require(SpecialToken.Bos, "a text starts with BOS");
        if (assets.AddEos == true)
            Suffix = Table.Require(SpecialToken.Eos, "a text ends with EOS");
    }

    // The spaces are taken back for a reader of whole texts only: what a model generates stays as it is.
    public override ITokenDecoder CreateDecoder(bool skipControl) =>
        new PieceDecoder(Table, skipControl, stripFirstSpace: false, cleanSpaces: _preTokenizer.CleansSpaces && !skipControl);

    protected override void EncodeSegment(ReadOnlySpan<char> text, List<int> ids)
    {
        Scratch scratch = _pool.Rent();
        scratch.Points.Set(text);
        List<int> ends = _preTokenizer.Split(scratch.Points, scratch.Ends, scratch.MoreEnds);
        int start = 0;
        foreach (int end in ends)
        {
            EncodeWord(scratch, scratch.Points.WriteUtf8(start, end, scratch.Utf8((end - start) * 4L)), ids);
            start = end;
        }
        if (scratch.IsSmall)
            _pool.Return(scratch);
    }

    private void EncodeWord(Scratch scratch, int length, List<int> ids)
    {
        ReadOnlySpan<byte> word = scratch.Utf8(length)[..length];
        if (length == 1 || _preTokenizer.WholeWords)
        {
            int whole = _lookup.Find(word);
            if (whole >= 0)
            {
                ids.Add(whole);
                return;
            }
        }
        MergeList list = scratch.Merges;
        list.Clear();
        foreach (byte value in word)
            list.Add(_byteTokens[value], 1);
        list.Merge(new RankRule(_merges));
        for (int i = list.First; i >= 0; i = list.Next(i))
        {
            int id = list.Id(i) >= 0 ? list.Id(i) : _unknown;
            if (id >= 0)
                ids.Add(id);
        }
    }

    private static PieceSpelling Spelling(ByteAlphabet alphabet) => (id, kind, spelling, bytes) =>
    {
        if (kind == TokenKind.Byte)
            bytes.Add(ByteTokens.Parse(id, spelling));
        else if (kind is TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown || !alphabet.TryDecode(spelling, bytes))
            bytes.AddRange(spelling);
    };

    private sealed class Scratch
    {
        private byte[] _utf8 = new byte[256];

        public CodePoints Points { get; } = new();
        public MergeList Merges { get; } = new();
        public List<int> Ends { get; } = [];
        public List<int> MoreEnds { get; } = [];

        // A long text's memory is not kept for the next.
        public bool IsSmall => Points.Capacity <= 1 << 16 && Merges.Capacity <= 1 << 16;

        public Span<byte> Utf8(long length)
        {
            if (_utf8.Length < length)
                _utf8 = new byte[checked((int)Math.Max(length, _utf8.Length * 2L))];
            return _utf8;
        }
    }
}
