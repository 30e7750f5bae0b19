using Tessera.Tokenizer.Hf.Vocabularies;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf.Decoders;

/// <summary>What each token is decoded to, worked out at load: by itself, and where it matters, as the first and as the last of a text. Immutable.</summary>
internal sealed class DecoderTable
{
    private const short NoByte = -1;

    private readonly PieceStore[] _pieces = new PieceStore[4];
    private readonly short[]? _bytes;

    public DecoderTable(DecoderRecipe recipe, Vocabulary vocabulary)
    {
        Recipe = recipe;
        KnowsLast = recipe.Steps.Any(s => s.KnowsLast);
        bool knowsFirst = recipe.Steps.Any(s => s.KnowsFirst);
        TokenSteps before = new(recipe.Before), after = new(recipe.After);
        if (recipe.JoinsBytes)
        {
            _bytes = new short[vocabulary.Count];
            for (int id = 0; id < vocabulary.Count; id++)
                _bytes[id] = ByteOf(before.Apply(vocabulary.Utf8(id), false, false));
        }
        for (int i = 0; i < 4; i++)
        {
            (bool first, bool last) = ((i & 1) != 0, (i & 2) != 0);
            if ((first && !knowsFirst) || (last && !KnowsLast))
                _pieces[i] = _pieces[(first && !knowsFirst ? 0 : i & 1) | (last && !KnowsLast ? 0 : i & 2)];
            else
                _pieces[i] = PieceStore.Build(vocabulary.Count, (id, bytes) => bytes.AddRange(after.Apply(before.Apply(vocabulary.Utf8(id), first, last), first, last)));
            Longest = Math.Max(Longest, _pieces[i].MaxLength);
        }
    }

    public DecoderRecipe Recipe { get; }

    /// <summary>Whether a token must wait for the next one.</summary>
    public bool KnowsLast { get; }

    /// <summary>The longest text of a token, in bytes.</summary>
    public int Longest { get; }

    public int Count => _pieces[0].Count;

    /// <summary>The byte that a token stands for, or −1.</summary>
    public int Byte(int id) => _bytes is null ? NoByte : _bytes[id];

    public ReadOnlySpan<byte> Piece(int id, bool first, bool last) => _pieces[(first ? 1 : 0) | (last ? 2 : 0)][id];

    private static short ByteOf(ReadOnlySpan<byte> token) =>
        token.Length == 6 && token.StartsWith("<0x"u8) && token[5] == '>' && char.IsAsciiHexDigit((char)token[3]) && char.IsAsciiHexDigit((char)token[4])
            ? Convert.FromHexString(System.Text.Encoding.ASCII.GetString(token[3..5]))[0]
            : NoByte;
}
