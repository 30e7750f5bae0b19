using System.Runtime.InteropServices;
using Tessera.Tokenizer.Spm.Normalization;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Unigram;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm;

/// <summary>What the SentencePiece kinds share: a text is normalized, cut into words where no piece can cross, and each word is spelled in pieces; what no piece covers is
/// spelled in byte tokens, else a run of it is one unknown token.</summary>
internal abstract class PieceTokenizer : SegmentedTokenizer
{
    // Short texts are done before a cache pays for itself.
    private const int BytesBeforeCache = 4096;

    private readonly TextNormalizer _normalizer;
    private readonly int[] _byteTokens;
    private readonly int _unknown;
    private readonly bool _stripsSpace;
    private readonly ScratchPool<Scratch> _pool = new();

    protected PieceTokenizer(TokenizerAssets assets, TokenTable table, PieceSettings settings) : base(assets, table, settings.Specials)
    {
        _normalizer = settings.Normalizer;
        _stripsSpace = settings.StripsSpace;
        _byteTokens = ByteTokens.Find(Table);
        _unknown = Table.Special(SpecialToken.Unknown) ?? -1;
        if (settings.AddBos)
            Prefix = Table.Require(SpecialToken.Bos, "a text starts with BOS");
        if (settings.AddEos)
            Suffix = Table.Require(SpecialToken.Eos, "a text ends with EOS");
    }

    public override ITokenDecoder CreateDecoder(bool skipControl) => new PieceDecoder(Table, skipControl, stripFirstSpace: _stripsSpace, cleanSpaces: false);

    protected override void EncodeSegment(ReadOnlySpan<char> text, List<int> ids)
    {
        Scratch scratch = _pool.Rent();
        scratch.Raw.Clear();
        scratch.Normal.Clear();
        _normalizer.Write(text, scratch.Raw, scratch.Normal);
        int first = ids.Count;
        int length = scratch.Normal.Length;
        WordCache? cache = scratch.Cache(length);
        for (int start = 0, end; start < length; start = end)
        {
            end = start + WordEnd(scratch.Normal.Span[start..]);
            ReadOnlySpan<byte> word = scratch.Normal.Bytes.AsSpan(start, end - start);
            int before = ids.Count;
            if (cache is null || !cache.TryAppend(word, ids))
            {
                EncodeWord(scratch.Normal.Bytes, start, end, scratch, ids);
                cache?.Add(word, CollectionsMarshal.AsSpan(ids)[before..]);
            }
            // A run of unknown characters may go on over words.
            if (before > first && before < ids.Count && ids[before] == _unknown && ids[before - 1] == _unknown)
                ids.RemoveAt(before);
        }
        if (scratch.IsSmall)
            _pool.Return(scratch);
    }

    /// <summary>The end of the word that starts at the start of a normalized text: the pieces of the text are those of its words.</summary>
    protected abstract int WordEnd(ReadOnlySpan<byte> text);

    /// <summary>Spells one word.</summary>
    /// <param name="text">The normalized text.</param>
    /// <param name="start">Where the word starts.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="scratch">A working set.</param>
    /// <param name="ids">The list to append to.</param>
    protected abstract void EncodeWord(byte[] text, int start, int end, Scratch scratch, List<int> ids);

    /// <summary>Spells what no piece covers.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="ids">The list to append to.</param>
    /// <param name="afterUnknown">Whether an unknown token of the same word was the last one.</param>
    protected void Spell(ReadOnlySpan<byte> bytes, List<int> ids, ref bool afterUnknown)
    {
        foreach (byte value in bytes)
        {
            bool isUnknown = _byteTokens[value] < 0;
            int id = isUnknown ? _unknown : _byteTokens[value];
            if (id >= 0 && !(isUnknown && afterUnknown))
                ids.Add(id);
            afterUnknown = isUnknown;
        }
    }

    /// <summary>The bytes of a piece: its spelling with spaces for marks.</summary>
    protected static void SpellPiece(int id, TokenKind kind, ReadOnlySpan<byte> spelling, List<byte> bytes)
    {
        if (kind == TokenKind.Byte)
            bytes.Add(ByteTokens.Parse(id, spelling));
        else if (kind is TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown)
            bytes.AddRange(spelling);
        else
            WordMarks.ToSpaces(spelling, bytes);
    }

    /// <summary>The working sets of one call.</summary>
    protected sealed class Scratch
    {
        private WordCache? _cache;
        private int _seen;

        public NormalText Raw { get; } = new();
        public NormalText Normal { get; } = new();
        public MergeList Merges { get; } = new();
        public PairMemo Pairs { get; } = new();
        public Lattice Lattice { get; } = new();

        // A long text's memory is not kept for the next.
        public bool IsSmall => Raw.Capacity <= 1 << 22 && Normal.Capacity <= 1 << 22 && Merges.Capacity <= 1 << 16 && Lattice.Capacity <= 1 << 16;

        public WordCache? Cache(int bytes)
        {
            _seen = Math.Min(_seen + Math.Min(bytes, BytesBeforeCache), BytesBeforeCache);
            return _cache ??= _seen >= BytesBeforeCache ? new WordCache() : null;
        }
    }
}

/// <summary>What tells the SentencePiece kinds apart beside their model.</summary>
internal sealed class PieceSettings
{
    public required TextNormalizer Normalizer { get; init; }

    /// <summary>Whether decoding takes the first space back.</summary>
    public required bool StripsSpace { get; init; }

    public required bool AddBos { get; init; }

    public required bool AddEos { get; init; }

    /// <summary>The special tokens to look for; null: all of the vocabulary.</summary>
    public SpecialTokens? Specials { get; init; }
}
