using System.Text;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm;

/// <summary>SentencePiece BPE: spaces become U+2581, the text is merged by score, what is left over is spelled in bytes.</summary>
/// <remarks><see href="https://github.com/google/sentencepiece">SentencePiece</see>; where it differs from GGUF's use of it (no text normalization,
/// a space in front again after each special token) this follows llama.cpp. Without byte tokens a run that cannot be spelled becomes one unknown token.</remarks>
internal sealed class SpmTokenizer : SegmentedTokenizer
{
    // What the first Llama has; the oldest files do not name them.
    private static readonly Dictionary<SpecialToken, int> Defaults = new()
    {
        [SpecialToken.Unknown] = 0,
        [SpecialToken.Bos] = 1,
        [SpecialToken.Eos] = 2,
    };

    private readonly ByteLookup _lookup;
    private readonly uint[] _priorities;
    private readonly int[] _byteTokens;
    private readonly int _unknown;
    private readonly bool _addSpace;
    private readonly bool _wordsAreApart;
    private readonly ScratchPool<Scratch> _pool = new();

    public SpmTokenizer(TokenizerAssets assets) : base(assets, new TokenTable(assets, Spell, Defaults))
    {
        if (assets.Scores.Length == 0)
            throw new ModelFormatException("tokenizer.ggml.scores: missing; SentencePiece needs them");
        _priorities = ScoreRule.Priorities(assets.Scores);
        _lookup = new ByteLookup(PieceStore.Build(Table.Count, (id, bytes) => bytes.AddRange(assets.Tokens[id])), Table.IsText);
        _wordsAreApart = WordMarks.AreApart(assets.Tokens);
        _byteTokens = ByteTokens.Find(Table);
        _unknown = Table.Special(SpecialToken.Unknown) ?? -1;
        _addSpace = assets.AddSpacePrefix ?? true;
        if (assets.AddBos ?? true)
            Prefix = Table.Require(SpecialToken.Bos, "a text starts with BOS");
        if (assets.AddEos ?? false)
            Suffix = Table.Require(SpecialToken.Eos, "a text ends with EOS");
    }

    public override ITokenDecoder CreateDecoder(bool skipControl) =>
        new PieceDecoder(Table, skipControl, stripFirstSpace: _addSpace, cleanSpaces: false);

    protected override void EncodeSegment(ReadOnlySpan<char> text, List<int> ids)
    {
        Scratch scratch = _pool.Rent();
        byte[] bytes = scratch.Room(text.Length);
        int length = 0;
        if (_addSpace)
            WordMarks.Utf8.CopyTo(bytes.AsSpan(length, length += WordMarks.Utf8.Length));
        length = Escape(text, bytes, length);
        bool afterUnknown = false;
        for (int start = 0, end; start < length; start = end)
        {
            end = _wordsAreApart ? start + WordMarks.WordEnd(bytes.AsSpan(start, length - start)) : length;
            ReadOnlySpan<byte> word = bytes.AsSpan(start, end - start);
            Fill(scratch.Merges, word);
            scratch.Merges.Merge(new ScoreRule(_lookup, _priorities, bytes, start));
            Write(scratch.Merges, word, ids, ref afterUnknown);
        }
        if (scratch.IsSmall)
            _pool.Return(scratch);
    }

    private static int Escape(ReadOnlySpan<char> text, byte[] bytes, int length)
    {
        while (!text.IsEmpty)
        {
            int space = text.IndexOf(' ');
            ReadOnlySpan<char> part = space < 0 ? text : text[..space];
            length += Encoding.UTF8.GetBytes(part, bytes.AsSpan(length));
            if (space < 0)
                break;
            WordMarks.Utf8.CopyTo(bytes.AsSpan(length));
            length += WordMarks.Utf8.Length;
            text = text[(space + 1)..];
        }
        return length;
    }

    private void Fill(MergeList list, ReadOnlySpan<byte> word)
    {
        list.Clear();
        while (!word.IsEmpty)
        {
            int size = word[0] switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
            list.Add(_lookup.Find(word[..size]), size);
            word = word[size..];
        }
    }

    private void Write(MergeList list, ReadOnlySpan<byte> word, List<int> ids, ref bool afterUnknown)
    {
        for (int i = list.First; i >= 0; i = list.Next(i))
        {
            if (list.Id(i) >= 0)
            {
                ids.Add(list.Id(i));
                afterUnknown = false;
                continue;
            }
            foreach (byte value in word[list.Start(i)..list.End(i)])
            {
                int id = _byteTokens[value] >= 0 ? _byteTokens[value] : _unknown;
                bool isUnknown = _byteTokens[value] < 0;
                if (id >= 0 && !(isUnknown && afterUnknown))
                    ids.Add(id);
                afterUnknown = isUnknown;
            }
        }
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
        private byte[] _bytes = new byte[256];

        public MergeList Merges { get; } = new();

        // A long text's memory is not kept for the next.
        public bool IsSmall => _bytes.Length <= 1 << 18 && Merges.Capacity <= 1 << 16;

        // Three bytes for each unit: a space is three, a surrogate pair four.
        public byte[] Room(int units)
        {
            long size = 3L * units + 3;
            if (_bytes.Length < size)
                _bytes = new byte[checked((int)Math.Max(size, _bytes.Length * 2L))];
            return _bytes;
        }
    }
}
