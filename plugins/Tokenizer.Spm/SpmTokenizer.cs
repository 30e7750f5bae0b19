using Tessera.Tokenizer.Spm.Normalization;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm;

/// <summary>SentencePiece BPE: the text is merged by score.</summary>
/// <remarks><see href="https://github.com/google/sentencepiece">SentencePiece</see>. A GGUF's <c>llama</c> differs (no text normalization, a space in front again after each
/// special token): there this follows llama.cpp.</remarks>
internal sealed class SpmTokenizer : PieceTokenizer
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
    private readonly ByteTrie? _frozen;
    private readonly WordSeams _seams;
    private readonly int[] _single = new int[128];

    /// <summary>The tokenizer of a GGUF.</summary>
    public SpmTokenizer(TokenizerAssets assets) : this(assets, new TokenTable(assets, SpellPiece, Defaults), new PieceSettings
    {
        Normalizer = new MarkNormalizer(assets.AddSpacePrefix ?? true),
        StripsSpace = assets.AddSpacePrefix ?? true,
        AddBos = assets.AddBos ?? true,
        AddEos = assets.AddEos ?? false,
    }, frozen: null)
    {
    }

    /// <summary>A tokenizer with settings of its own.</summary>
    /// <param name="assets">The vocabulary's assets.</param>
    /// <param name="table">The vocabulary.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="frozen">User-defined tokens, found in the normalized text and merged with nothing; null: none.</param>
    public SpmTokenizer(TokenizerAssets assets, TokenTable table, PieceSettings settings, ByteTrie? frozen) : base(assets, table, settings)
    {
        if (assets.Scores.Length == 0)
            throw new ModelFormatException("tokenizer.ggml.scores: missing; SentencePiece needs them");
        _priorities = ScoreRule.Priorities(assets.Scores);
        _frozen = frozen;
        _lookup = new ByteLookup(PieceStore.Build(Table.Count, (id, bytes) => bytes.AddRange(assets.Tokens[id])),
            id => Table.IsText(id) && (frozen is null || Table.Kind(id) != TokenKind.UserDefined));
        _seams = new WordSeams(Table.Count, id => assets.Tokens[id], Table.IsText);
        for (int value = 0; value < _single.Length; value++)
            _single[value] = _lookup.Find([(byte)value]);
    }

    protected override int WordEnd(ReadOnlySpan<byte> text) => _seams.PartEnd(text);

    protected override void EncodeWord(byte[] text, int start, int end, Scratch scratch, List<int> ids)
    {
        bool afterUnknown = false;
        int from = start;
        for (int at = start; at < end && _frozen is not null;)
        {
            (int token, int length) = _frozen.Longest(text.AsSpan(at, end - at));
            if (length == 0)
            {
                at++;
                continue;
            }
            Merge(text, from, at, scratch, ids, ref afterUnknown);
            ids.Add(token);
            afterUnknown = false;
            from = at += length;
        }
        Merge(text, from, end, scratch, ids, ref afterUnknown);
    }

    private void Merge(byte[] text, int start, int end, Scratch scratch, List<int> ids, ref bool afterUnknown)
    {
        MergeList list = scratch.Merges;
        list.Clear();
        for (int at = start; at < end;)
        {
            int size = Math.Min(end - at, text[at] switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 });
            list.Add(size == 1 ? _single[text[at]] : _lookup.Find(text.AsSpan(at, size)), size);
            at += size;
        }
        list.Merge(new ScoreRule(_lookup, _priorities, scratch.Pairs, text, start));
        for (int i = list.First; i >= 0; i = list.Next(i))
        {
            if (list.Id(i) >= 0)
            {
                ids.Add(list.Id(i));
                afterUnknown = false;
            }
            else
            {
                Spell(text.AsSpan(start + list.Start(i), list.End(i) - list.Start(i)), ids, ref afterUnknown);
            }
        }
    }
}
