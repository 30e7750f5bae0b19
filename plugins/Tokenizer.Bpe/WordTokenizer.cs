using System.Runtime.InteropServices;
using System.Text;
using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Splitting;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe;

/// <summary>What the BPE tokenizers share: the pre-tokenizer cuts words, each is encoded by itself.</summary>
internal abstract class WordTokenizer : SegmentedTokenizer
{
    // Short texts are done before a cache pays for itself.
    private const int WordsBeforeCache = 1000;

    private readonly PreTokenizer _preTokenizer;
    private readonly bool _marks;
    private readonly WordSeams? _seams;
    private readonly bool _lowercase;
    private readonly ScratchPool<Scratch> _pool = new();

    protected WordTokenizer(TokenizerAssets assets, TokenTable table, PreTokenizer preTokenizer, SpecialTokens? specials = null) : base(assets, table, specials)
    {
        _preTokenizer = preTokenizer;
        _marks = preTokenizer.Alphabet == SpellingAlphabet.MarkedSpaces;
        if (_marks)
            _seams = new WordSeams(assets.Tokens.Length, id => assets.Tokens[id], table.IsText);
        _lowercase = preTokenizer.DropsWhite && assets.Lowercase == true;
        if (preTokenizer.NeedsBos || (assets.AddBos ?? preTokenizer.AddsBos))
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
        if (_marks)
            scratch.Points.Replace(' ', new Rune(WordMarks.Mark));
        if (_lowercase)
            scratch.Points.Lower();
        List<int> ends = _preTokenizer.Split(scratch.Points, scratch.Ends, scratch.MoreEnds);
        WordCache? cache = scratch.Cache(ends.Count);
        int start = 0;
        foreach (int end in ends)
        {
            if (_preTokenizer.DropsWhite && scratch.Points.Is(start, CharClass.White))
            {
                start = end;
                continue;
            }
            Span<byte> room = scratch.Utf8((end - start) * 4L);
            ReadOnlySpan<byte> word = room[..scratch.Points.WriteUtf8(start, end, room)];
            while (_seams?.PartEnd(word) is int length && length < word.Length)
            {
                Encode(word[..length], scratch, cache, ids);
                word = word[length..];
            }
            Encode(word, scratch, cache, ids);
            start = end;
        }
        if (scratch.IsSmall)
            _pool.Return(scratch);
    }

    /// <summary>Encodes one word.</summary>
    /// <param name="word">Its bytes; not empty.</param>
    /// <param name="list">A working set.</param>
    /// <param name="ids">The list to append to.</param>
    protected abstract void EncodeWord(ReadOnlySpan<byte> word, MergeList list, List<int> ids);

    private void Encode(ReadOnlySpan<byte> word, Scratch scratch, WordCache? cache, List<int> ids)
    {
        if (cache is not null && cache.TryAppend(word, ids))
            return;
        int before = ids.Count;
        EncodeWord(word, scratch.Merges, ids);
        cache?.Add(word, CollectionsMarshal.AsSpan(ids)[before..]);
    }

    private sealed class Scratch
    {
        private byte[] _utf8 = new byte[256];
        private WordCache? _cache;
        private int _words;

        public CodePoints Points { get; } = new();
        public MergeList Merges { get; } = new();
        public List<int> Ends { get; } = [];
        public List<int> MoreEnds { get; } = [];

        // A long text's memory is not kept for the next.
        public bool IsSmall => Points.Capacity <= 1 << 20 && Merges.Capacity <= 1 << 16;

        public WordCache? Cache(int words)
        {
            _words = Math.Min(_words + Math.Min(words, WordsBeforeCache), WordsBeforeCache);
            return _cache ??= _words >= WordsBeforeCache ? new WordCache() : null;
        }

        public Span<byte> Utf8(long length)
        {
            if (_utf8.Length < length)
                _utf8 = new byte[checked((int)Math.Max(length, _utf8.Length * 2L))];
            return _utf8;
        }
    }
}
