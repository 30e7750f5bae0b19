using System.Text;
using System.Text.Json;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Vocabularies;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf.Models;

/// <summary>Byte pair encoding over characters or, behind a ByteLevel pre-tokenizer, bytes.</summary>
internal sealed class BpeModel : WordModel
{
    private const int LongestAffix = 16;

    private readonly ByteLookup _lookup;
    private readonly PairTable _merges;
    private readonly BytePieces? _bytes;
    private readonly byte[] _prefix;
    private readonly byte[] _suffix;
    private readonly bool _hasAffixes;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private readonly WordSeams? _seams;
    private readonly int[] _single = new int[256];

    public BpeModel(JsonPart part, Vocabulary vocabulary, bool endsInByteLevel)
    {
        if (part.Find("dropout") is { } dropout && dropout.Real() is not 0)
            throw new UnsupportedModelException($"{dropout.Where}: dropout makes tokens random, which is not supported");
        FallsBackToBytes = part.Flag("byte_fallback", false);
        _fuseUnknown = part.Flag("fuse_unk", false);
        _ignoreMerges = part.Flag("ignore_merges", false);
        string prefix = part.Find("continuing_subword_prefix")?.Text() ?? "";
        string suffix = part.Find("end_of_word_suffix")?.Text() ?? "";
        ByteAlphabet alphabet = new();
        _prefix = Encoding.UTF8.GetBytes(prefix);
        _suffix = Encoding.UTF8.GetBytes(suffix);
        byte[]? rawPrefix = Raw(alphabet, prefix, part), rawSuffix = Raw(alphabet, suffix, part);
        if (endsInByteLevel && !FallsBackToBytes && rawPrefix is not null && rawSuffix is not null)
            (TakesRawBytes, _prefix, _suffix) = (true, rawPrefix, rawSuffix);
        _hasAffixes = _prefix.Length + _suffix.Length > 0;
        if (part.Find("unk_token") is { } unknown)
        {
            Unknown = vocabulary.FindInModel(unknown.Text());
            if (Unknown < 0)
                throw new ModelFormatException($"{unknown.Where}: '{unknown.Text()}' is not in the vocabulary");
        }

        PieceStore pieces = PieceStore.Build(vocabulary.Count, (id, bytes) =>
        {
            if (!vocabulary.IsModels(id))
                return;
            if (!TakesRawBytes)
                bytes.AddRange(vocabulary.Utf8(id));
            else
                alphabet.TryDecode(vocabulary.Utf8(id), bytes);
        });
        _lookup = new ByteLookup(pieces, vocabulary.IsModels);
        List<Merge> merges = ReadMerges(part.Get("merges"), vocabulary, prefix.Length);
        _merges = Index(merges);
        _bytes = FallsBackToBytes ? new BytePieces(vocabulary) : null;
        for (int value = 0; value < 256; value++)
            _single[value] = TakesRawBytes || value < 128 ? _lookup.Find([(byte)value]) : -1;
        if (!TakesRawBytes && !_hasAffixes && !_ignoreMerges)
            _seams = Seams(merges, vocabulary);
    }

    protected override void EncodeNew(ReadOnlySpan<byte> word, ModelWork work, List<int> ids)
    {
        if (_ignoreMerges && _lookup.Find(word) is >= 0 and int whole)
        {
            ids.Add(whole);
            return;
        }
        int end = _seams?.PartEnd(word) ?? word.Length;
        if (end == word.Length)
        {
            MergeWord(word, work, ids);
            return;
        }
        for (int start = 0; start < word.Length; start = end, end = start + _seams!.PartEnd(word[start..]))
            Encode(word[start..end], work, ids);
    }

    private void MergeWord(ReadOnlySpan<byte> word, ModelWork work, List<int> ids)
    {
        MergeList list = work.Merges;
        list.Clear();
        if (TakesRawBytes && !_hasAffixes)
            FillBytes(word, list);
        else
            FillCharacters(word, list);
        list.Merge(new RankRule(_merges));
        for (int i = list.First; i >= 0; i = list.Next(i))
            ids.Add(list.Id(i));
    }

    private void FillBytes(ReadOnlySpan<byte> word, MergeList list)
    {
        foreach (byte value in word)
        {
            int id = _single[value] >= 0 ? _single[value] : Unknown;
            if (id >= 0 && !(_fuseUnknown && id == Unknown && _single[value] < 0 && list.LastId == Unknown))
                list.Add(id, 1);
        }
    }

    // A symbol that is not in the vocabulary is spelled in bytes; else it is unknown, or nothing where the model has no token for that.
    private void FillCharacters(ReadOnlySpan<byte> word, MergeList list)
    {
        Span<byte> affixed = stackalloc byte[4 + 2 * 3 * LongestAffix];
        int waiting = -1;
        for (int at = 0, size; at < word.Length; at += size)
        {
            size = TakesRawBytes ? 1 : word[at] switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
            scoped ReadOnlySpan<byte> symbol = word.Slice(at, size);
            if (_hasAffixes)
                symbol = Affix(symbol, at == 0, at + size == word.Length, affixed);
            int id = symbol.Length == 1 ? _single[symbol[0]] : _lookup.Find(symbol);
            if (id >= 0)
            {
                if (waiting >= 0)
                    list.Add(waiting, 1);
                waiting = -1;
                list.Add(id, size);
            }
            else if (_bytes is not null && _bytes.Cover(symbol))
            {
                // What is unknown before it stays waiting, as in the reference.
                foreach (byte value in symbol)
                    list.Add(_bytes[value], 1);
            }
            else if (Unknown >= 0)
            {
                if (waiting >= 0 && !_fuseUnknown)
                    list.Add(waiting, 1);
                waiting = Unknown;
            }
        }
        if (waiting >= 0)
            list.Add(waiting, 1);
    }

    private ReadOnlySpan<byte> Affix(ReadOnlySpan<byte> symbol, bool first, bool last, Span<byte> room)
    {
        int length = 0;
        if (!first)
            _prefix.CopyTo(room[..(length = _prefix.Length)]);
        symbol.CopyTo(room[length..]);
        length += symbol.Length;
        if (last)
        {
            _suffix.CopyTo(room[length..]);
            length += _suffix.Length;
        }
        return room[..length];
    }

    private static List<Merge> ReadMerges(JsonPart merges, Vocabulary vocabulary, int prefix)
    {
        List<Merge> read = new(merges.Count);
        foreach (JsonPart merge in merges.Items())
        {
            (string left, string right) = ReadPair(merge);
            if (right.Length < prefix)
                throw new ModelFormatException($"{merge.Where}: '{right}' is shorter than the continuing_subword_prefix");
            read.Add(new Merge(Find(left), Find(right), Find(string.Concat(left, right.AsSpan(prefix)))));

            int Find(string token) => vocabulary.FindInModel(token) is >= 0 and int id
                ? id
                : throw new ModelFormatException($"{merge.Where}: '{token}' is not in the vocabulary");
        }
        return read;
    }

    // Of two merges of one pair the last counts.
    private static PairTable Index(List<Merge> merges)
    {
        PairTable table = new(merges.Count);
        for (int rank = merges.Count - 1; rank >= 0; rank--)
            table.TryAdd(merges[rank].Left, merges[rank].Right, (long)rank << 32 | (uint)merges[rank].Result);
        return table;
    }

    // A part may begin with a symbol that is known, which ends what is unknown before it, and with any if bytes spell all. There are no seams where nothing is left of the
    // unknown, so that what stands around it merges, or where tokens merge that stand for other text than their spelling.
    private WordSeams? Seams(List<Merge> merges, Vocabulary vocabulary)
    {
        bool bytesSpellAll = _bytes is { } bytes && Enumerable.Range(0, 256).All(value => bytes[(byte)value] >= 0);
        if (Unknown < 0 && !bytesSpellAll)
            return null;
        foreach (Merge merge in merges)
            if (StandsForOther(merge.Left) || StandsForOther(merge.Right))
                return null;
        return new WordSeams(merges.Count, i => vocabulary.Utf8(merges[i].Result), _ => true, first => bytesSpellAll || _single[first] >= 0,
            marksMayBegin: bytesSpellAll || _lookup.Find(WordMarks.Utf8) >= 0);

        bool StandsForOther(int id) => id == Unknown || (_bytes?.Has(id) ?? false);
    }

    private readonly record struct Merge(int Left, int Right, int Result);

    private static (string Left, string Right) ReadPair(JsonPart merge)
    {
        if (merge.Kind == JsonValueKind.Array)
            return merge.Pair();
        string line = merge.Text();
        int space = line.IndexOf(' ');
        return space > 0 && space < line.Length - 1 && line.IndexOf(' ', space + 1) < 0
            ? (line[..space], line[(space + 1)..])
            : throw merge.Bad("two spellings with a space between");
    }

    private static byte[]? Raw(ByteAlphabet alphabet, string affix, JsonPart part)
    {
        if (affix.Length > LongestAffix)
            throw new UnsupportedModelException($"{part.Where}: a subword prefix or suffix is {affix.Length} characters long, at most {LongestAffix} are supported");
        List<byte> bytes = [];
        return alphabet.TryDecode(Encoding.UTF8.GetBytes(affix), bytes) ? [.. bytes] : null;
    }
}
