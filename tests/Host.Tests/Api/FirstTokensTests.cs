using Tessera.Conformance.Fakes;
using Tessera.Host.Api;

namespace Tessera.Host.Tests.Api;

public sealed class FirstTokensTests
{
    private const int Wanted = 1000;

    [Fact]
    public void Of_a_long_text_no_more_is_tokenized_than_its_first_tokens_need()
    {
        string text = string.Create(30_000_000, 0, (span, _) => span.Fill('x'));
        Counting tokenizer = new(charactersOfToken: 1);
        int[] ids = [.. FirstTokens.Of(tokenizer, text, new EncodeOptions(), Wanted)];
        Assert.Equal(Enumerable.Repeat((int)'x', Wanted), ids);
        Assert.InRange(tokenizer.Characters, Wanted, 8 * Wanted);
    }

    [Theory]
    [InlineData(20), InlineData(200), InlineData(int.MaxValue)]
    public void Long_tokens_take_more_of_it_within_bounds(int charactersOfToken)
    {
        string text = string.Create(30_000_000, 0, (span, _) => span.Fill('x'));
        Counting tokenizer = new(charactersOfToken);
        Assert.Equal(charactersOfToken == int.MaxValue ? 1 : Wanted, FirstTokens.Of(tokenizer, text, new EncodeOptions(), Wanted).Count());
        Assert.InRange(tokenizer.Characters, 0, 2 * 256 * Wanted);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(7), InlineData(999), InlineData(1000), InlineData(1001), InlineData(300_000)]
    public void They_are_those_of_the_whole_text(int length)
    {
        string text = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + i * i % 26)));
        List<int> all = [];
        new ByteTokenizer().Encode(text, new EncodeOptions(), all);
        Assert.Equal(all.Take(Wanted), FirstTokens.Of(new ByteTokenizer(), text, new EncodeOptions(), Wanted));
    }

    [Fact]
    public void No_character_is_cut_in_two()
    {
        // Every second cut would fall between the two halves of a character.
        for (int shift = 0; shift < 2; shift++)
        {
            string text = new string('x', shift) + string.Concat(Enumerable.Repeat("😀", 20_000));
            Counting tokenizer = new(charactersOfToken: 40);
            _ = FirstTokens.Of(tokenizer, text, new EncodeOptions(), Wanted).Count();
            Assert.False(tokenizer.SawHalf);
        }
    }

    /// <summary>A token for so many characters; counts the characters that it was given.</summary>
    private sealed class Counting(int charactersOfToken) : ITokenizer
    {
        public long Characters { get; private set; }
        public bool SawHalf { get; private set; }
        public int VocabularySize => 1 << 16;
        public IReadOnlyList<int> EndTokens => [];
        public int? Special(SpecialToken role) => null;
        public TokenKind Kind(int id) => TokenKind.Normal;
        public ReadOnlySpan<byte> Piece(int id) => default;
        public ITokenDecoder CreateDecoder(bool skipControl) => throw new InvalidOperationException();

        public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
        {
            Characters += text.Length;
            SawHalf |= text.Length > 0 && (char.IsHighSurrogate(text[^1]) || char.IsLowSurrogate(text[0]));
            for (long at = 0; at < text.Length; at += charactersOfToken)
                ids.Add(text[(int)at]);
        }
    }
}
