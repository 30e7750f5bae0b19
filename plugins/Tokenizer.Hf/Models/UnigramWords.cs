using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Vocabularies;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Unigram;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf.Models;

/// <summary>A unigram model; unknown characters in a row are one token, or bytes.</summary>
internal sealed class UnigramWords : WordModel
{
    private readonly UnigramModel _model;
    private readonly ByteLookup _lookup;
    private readonly BytePieces? _bytes;
    private readonly string _where;

    public UnigramWords(JsonPart part, Vocabulary vocabulary)
    {
        _where = part.Where;
        FallsBackToBytes = part.Flag("byte_fallback", false);
        JsonPart vocab = part.Get("vocab");
        double[] scores = new double[vocab.Count];
        double lowest = double.PositiveInfinity;
        foreach (JsonPart entry in vocab.Items())
        {
            JsonPart[] pair = [.. entry.Items().Take(3)];
            if (pair.Length != 2)
                throw entry.Bad("a piece and its score");
            string piece = pair[0].Text();
            if (piece.Length > LongestToken)
                throw new UnsupportedModelException($"{entry.Where}: the piece is {piece.Length} characters long, at most {LongestToken} are supported");
            scores[vocabulary.Count] = pair[1].Real();
            lowest = Math.Min(lowest, scores[vocabulary.Count]);
            vocabulary.Append(piece, entry.Where);
        }
        if (scores.Length == 0)
            throw new ModelFormatException($"{vocab.Where}: the vocabulary is empty");
        if (part.Find("unk_id") is { } unknown)
        {
            Unknown = unknown.Number(int.MaxValue);
            if (Unknown >= scores.Length)
                throw new ModelFormatException($"{unknown.Where}: {Unknown}, but the vocabulary has {scores.Length} pieces");
        }
        int count = scores.Length;
        PieceStore pieces = PieceStore.Build(count, (id, bytes) => bytes.AddRange(vocabulary.Utf8(id)));
        _lookup = new ByteLookup(pieces, _ => true);
        _model = new UnigramModel(ByteTrie.Build(count, vocabulary.Utf8Memory, _ => true), scores, lowest);
        _bytes = FallsBackToBytes ? new BytePieces(vocabulary) : null;
    }

    protected override void EncodeNew(ReadOnlySpan<byte> word, ModelWork work, List<int> ids)
    {
        _model.Cover(word, work.Lattice);
        ReadOnlySpan<Lattice.Piece> pieces = work.Lattice.Pieces;
        for (int i = 0; i < pieces.Length; i++)
        {
            if (!IsUnknown(pieces[i]))
            {
                ids.Add(pieces[i].Token);
                continue;
            }
            int start = pieces[i].Start;
            while (i + 1 < pieces.Length && IsUnknown(pieces[i + 1]))
                i++;
            Spell(word[start..pieces[i].End], ids);
        }
    }

    private bool IsUnknown(Lattice.Piece piece) => piece.Token == Lattice.Unknown || piece.Token == Unknown;

    private void Spell(ReadOnlySpan<byte> part, List<int> ids)
    {
        int id = _lookup.Find(part);
        if (id < 0 && _bytes is not null && _bytes.Cover(part))
        {
            foreach (byte value in part)
                ids.Add(_bytes[value]);
            return;
        }
        if (id < 0)
            id = Unknown >= 0 ? Unknown : throw new TesseraException($"{_where}: the vocabulary cannot spell a character of the text, and no piece is the unknown one (unk_id)");
        ids.Add(id);
    }
}
