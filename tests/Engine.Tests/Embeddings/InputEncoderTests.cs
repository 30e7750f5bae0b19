using Tessera.Conformance.Fakes;
using Tessera.Engine.Embeddings;

namespace Tessera.Engine.Tests.Embeddings;

public sealed class InputEncoderTests
{
    private const int Start = 900, End = 901;

    [Fact]
    public void A_text_that_is_cut_keeps_what_is_around_it()
    {
        InputEncoder encoder = new(new Around(), parseSpecial: false);
        Assert.Equal([Start, 'a', 'b', 'c', End], encoder.Encode("abc", 5));
        Assert.Equal([Start, 'a', 'b', End], encoder.Encode("abc", 4));
        Assert.Equal([Start, 'a', End], encoder.Encode("abc", 3));
        Assert.Equal([Start, 'a'], encoder.Encode("abc", 2));
        Assert.Equal([Start, End], encoder.Encode("", 5));
    }

    [Fact]
    public void Pairs_are_cut_at_the_longer_text()
    {
        InputEncoder encoder = new(new Around(), parseSpecial: false);
        IReadOnlyList<(int[] Ids, int[] Types)> pairs = encoder.EncodePairs("abc", ["x", "uvwxyz", ""], 9);
        Assert.Equal([Start, 'a', 'b', 'c', End, 'x', End], pairs[0].Ids);
        Assert.Equal([0, 0, 0, 0, 0, 1, 1], pairs[0].Types);
        Assert.Equal([Start, 'a', 'b', 'c', End, 'u', 'v', 'w', End], pairs[1].Ids);
        Assert.Equal([Start, 'a', 'b', 'c', End, End], pairs[2].Ids);
        Assert.Equal([Start, 'a', 'b', 'c', End, 'u', 'v', End], encoder.EncodePairs("abc", ["uvwxyz"], 9, mostOfSecond: 2)[0].Ids);
    }

    [Fact]
    public void Texts_become_lower_case_as_Python_s_do()
    {
        InputEncoder encoder = new(new Around(), parseSpecial: false, lowers: true);
        Assert.Equal([Start, .. "σας i\u0307x", End], encoder.Encode("ΣΑΣ İX").Select(i => i));
        Assert.Equal([Start, 'a', End, 'b', End], encoder.EncodePairs("A", ["B"], 9)[0].Ids);
        Assert.Equal([Start, 'A', End], new InputEncoder(new Around(), parseSpecial: false).Encode("A"));
    }

    // By the rules of tokenizers' truncate_encodings: the shorter text keeps what half of the room holds.
    [Theory]
    [InlineData(3, 4, 7, 3, 4)]
    [InlineData(3, 40, 10, 3, 7)]
    [InlineData(40, 3, 10, 7, 3)]
    [InlineData(40, 50, 10, 5, 5)]
    [InlineData(40, 50, 11, 5, 6)]
    [InlineData(50, 40, 11, 6, 5)]
    [InlineData(6, 6, 11, 5, 6)]
    [InlineData(5, 6, 10, 5, 5)]
    [InlineData(0, 20, 10, 0, 10)]
    public void Longest_first(int first, int second, int room, int keptFirst, int keptSecond) =>
        Assert.Equal((keptFirst, keptSecond), InputEncoder.LongestFirst(first, second, room));

    [Fact]
    public void Pairs_need_a_tokenizer_that_knows_them_and_room()
    {
        Assert.False(new InputEncoder(new ByteTokenizer(), false).KnowsPairs);
        Assert.Throws<UnsupportedModelException>(() => new InputEncoder(new ByteTokenizer(), false).EncodePairs("a", ["b"], 100));
        Assert.Contains("no room", Assert.Throws<UnsupportedModelException>(() => new InputEncoder(new Around(), false).EncodePairs("a", ["b"], 4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vectors_are_cut_and_brought_to_length_one()
    {
        Assert.Equal([0.6f, 0.8f], Vectors.Embedding([3, 4, 12], 2, normalize: true));
        Assert.Equal([3, 4, 12], Vectors.Embedding([3, 4, 12], 3, normalize: false));
        Assert.Equal([0, 0], Vectors.Embedding([0, 0], 2, normalize: true));
        Assert.Equal(0.25, Vectors.Relevance([MathF.Log(1f / 3)], ScoreFunction.Sigmoid), 1e-7);
        Assert.Equal(0.75, Vectors.Relevance([MathF.Log(3), 0], ScoreFunction.Softmax), 1e-7);
        Assert.Equal(1, Vectors.Relevance([1000, 0], ScoreFunction.Softmax));
        Assert.Equal(-7, Vectors.Relevance([-7], ScoreFunction.Identity));
    }

    /// <summary>Characters as ids, with one id in front and one behind.</summary>
    private sealed class Around : IPairTokenizer
    {
        public int VocabularySize => 1000;
        public IReadOnlyList<int> EndTokens => [];
        public int PairTokens => 3;
        public int? Special(SpecialToken role) => null;
        public TokenKind Kind(int id) => TokenKind.Normal;
        public ReadOnlySpan<byte> Piece(int id) => default;
        public ITokenDecoder CreateDecoder(bool skipControl) => throw new InvalidOperationException();

        public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
        {
            if (options.AddSpecial)
                ids.Add(Start);
            foreach (char c in text)
                ids.Add(c);
            if (options.AddSpecial)
                ids.Add(End);
        }

        public void JoinPair(ReadOnlySpan<int> first, ReadOnlySpan<int> second, List<int> ids, List<int> types)
        {
            ids.AddRange([Start, .. first, End, .. second, End]);
            types.AddRange(Enumerable.Repeat(0, first.Length + 2));
            types.AddRange(Enumerable.Repeat(1, second.Length + 1));
        }
    }
}
