using System.Runtime.InteropServices;
using Tessera.Engine.ChatTemplates.Runtime.Text;

namespace Tessera.Engine.Embeddings;

/// <summary>Texts, and pairs of texts, as the ids that an embedding model or a reranker wants, cut to a number of tokens. Immutable.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="parseSpecial">Spellings of control tokens in a text become those tokens.</param>
/// <param name="lowers">Texts become lower case first, as Python lowers them.</param>
public sealed class InputEncoder(ITokenizer tokenizer, bool parseSpecial, bool lowers = false)
{
    /// <summary>Whether the tokenizer knows what belongs around two texts.</summary>
    public bool KnowsPairs => tokenizer is IPairTokenizer;

    /// <summary>The ids of a text, with what the model wants around it.</summary>
    public int[] Encode(string text) => Encode(text, addSpecial: true);

    /// <summary>As <see cref="Encode(string)"/>, with at most so many ids: the text loses its end, and keeps what is around it.</summary>
    public int[] Encode(string text, int most)
    {
        int[] whole = Encode(text);
        if (whole.Length <= most)
            return whole;
        int[] plain = Plain(text);
        int around = whole.Length - plain.Length, front = whole.AsSpan().IndexOf(plain);
        // A tokenizer that encodes the text itself otherwise with something around it, or a limit that leaves no room for the text.
        if (plain.Length == 0 || front < 0 || around >= most)
            return whole[..most];
        return [.. whole[..(front + most - around)], .. whole[(front + plain.Length)..]];
    }

    /// <summary>Pairs of one text with each of several, such as a query with documents.</summary>
    /// <param name="first">The text that all pairs have.</param>
    /// <param name="seconds">The other texts.</param>
    /// <param name="most">The most ids of a pair: of its two texts, the longer one is cut first, down to the other's length.</param>
    /// <param name="mostOfSecond">The most ids of a second text before that.</param>
    /// <returns>For each pair its ids, and a token type for each.</returns>
    /// <exception cref="UnsupportedModelException">The tokenizer does not know what belongs around two texts, or there is no room for both.</exception>
    public IReadOnlyList<(int[] Ids, int[] Types)> EncodePairs(string first, IReadOnlyList<string> seconds, int most, int mostOfSecond = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(seconds);
        if (tokenizer is not IPairTokenizer pairs)
            throw new UnsupportedModelException("the model's tokenizer does not say what belongs around two texts");
        int room = most - pairs.PairTokens;
        if (room < 2)
            throw new UnsupportedModelException($"{most} tokens leave no room for two texts beside {pairs.PairTokens} special tokens");
        int[] shared = Plain(first);
        List<(int[], int[])> encoded = new(seconds.Count);
        foreach (string second in seconds)
        {
            ReadOnlySpan<int> other = Plain(second);
            other = other[..Math.Min(other.Length, mostOfSecond)];
            (int kept, int keptOther) = LongestFirst(shared.Length, other.Length, room);
            List<int> ids = new(kept + keptOther + pairs.PairTokens), types = new(ids.Capacity);
            pairs.JoinPair(shared.AsSpan(0, kept), other[..keptOther], ids, types);
            encoded.Add(([.. ids], [.. types]));
        }
        return encoded;
    }

    /// <summary>How much of two texts fits in a room, as Hugging Face's "longest first" cuts them: the shorter one stays whole where half of the room is enough for it.</summary>
    public static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if ((long)first + second <= room)
            return (first, second);
        int half = room / 2;
        return (first <= second, Math.Min(first, second) <= half) switch
        {
            (true, true) => (first, room - first),
            (false, true) => (room - second, second),
            (true, false) => (half, room - half),
            (false, false) => (room - half, half),
        };
    }

    private int[] Plain(string text) => Encode(text, addSpecial: false);

    private int[] Encode(string text, bool addSpecial)
    {
        List<int> ids = [];
        tokenizer.Encode(lowers ? Casing.Lower(text) : text, new EncodeOptions { AddSpecial = addSpecial, ParseSpecial = parseSpecial }, ids);
        return CollectionsMarshal.AsSpan(ids).ToArray();
    }
}
