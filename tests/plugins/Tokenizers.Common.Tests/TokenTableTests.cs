using System.Text;
using Tessera.Tokenizers.Common.Decoding;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizers.Common.Tests;

public class TokenTableTests
{
    private static TokenizerAssets Assets(int tokens = 3, int kinds = 0, int scores = 0, int kind = 1, Dictionary<SpecialToken, int>? special = null) => new()
    {
        Model = "test",
        Tokens = [.. Enumerable.Range(0, tokens).Select(i => Encoding.UTF8.GetBytes($"t{i}"))],
        Kinds = [.. Enumerable.Repeat((TokenKind)kind, kinds)],
        Scores = new float[scores],
        Special = special ?? [],
    };

    public static TheoryData<TokenizerAssets, string> Broken => new()
    {
        { Assets(tokens: 0), "tokenizer.ggml.tokens" },
        { Assets(kinds: 2), "2 kinds for 3 tokens" },
        { Assets(kinds: 4), "4 kinds for 3 tokens" },
        { Assets(kinds: 3, kind: 7), "kind 7" },
        { Assets(kinds: 3, kind: -1), "kind -1" },
        { Assets(scores: 1), "1 scores for 3 tokens" },
        { Assets(special: new() { [SpecialToken.Bos] = 3 }), "Bos token is id 3" },
        { Assets(special: new() { [SpecialToken.Mask] = -1 }), "Mask token is id -1" },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void Assets_that_contradict_themselves_are_refused(TokenizerAssets assets, string text) =>
        Assert.Contains(text, Assert.Throws<ModelFormatException>(() => Tokens.Table(assets)).Message);

    [Fact]
    public void Without_kinds_every_token_is_normal() => Assert.Equal(TokenKind.Normal, Tokens.Table(Assets()).Kind(2));

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MinValue)]
    public void Ids_outside_the_vocabulary_are_refused(int id)
    {
        TokenTable table = Tokens.Table(Assets());
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Kind(id));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Piece(id).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PieceDecoder(table, false, false, false).Append(id, new byte[64]));
    }

    [Fact]
    public void Default_roles_count_only_inside_the_vocabulary()
    {
        TokenTable table = Tokens.Table(Assets(), new() { [SpecialToken.Bos] = 2, [SpecialToken.Eos] = 9 });
        Assert.Equal((2, null), (table.Special(SpecialToken.Bos), table.Special(SpecialToken.Eos)));
    }

    [Fact]
    public void Generation_ends_at_tokens_by_role_and_by_spelling()
    {
        TokenizerAssets assets = Tokens.Assets(("a", TokenKind.Normal), ("<|im_end|>", TokenKind.Normal), ("stop", TokenKind.Control), ("<|eom_id|>", TokenKind.Control),
            ("<reponame>", TokenKind.Control), ("<repo_name>", TokenKind.Control), ("<｜fim▁hole｜>", TokenKind.UserDefined));
        assets = new TokenizerAssets { Model = "test", Tokens = assets.Tokens, Kinds = assets.Kinds, Special = new Dictionary<SpecialToken, int> { [SpecialToken.Eos] = 2 } };
        TokenTable table = Tokens.Table(assets);
        Assert.Equal([1, 2, 3, 4], table.EndTokens);
        Assert.Equal((1, 3), (table.Special(SpecialToken.Eot), table.Special(SpecialToken.Eom)));
        Assert.Equal([TokenKind.Control, TokenKind.Control], [table.Kind(1), table.Kind(6)]);
    }

    [Fact]
    public void A_message_end_inside_of_channels_does_not_end_generation()
    {
        Assert.Equal([1], Tokens.Table(Tokens.Assets(("a", TokenKind.Normal), ("<|end|>", TokenKind.Control))).EndTokens);
        TokenTable harmony = Tokens.Table(Tokens.Assets(("<|return|>", TokenKind.Control), ("<|end|>", TokenKind.Control), ("<|call|>", TokenKind.Control)));
        Assert.Equal([0, 2], harmony.EndTokens);
        Assert.Null(harmony.Special(SpecialToken.Eot));
        Assert.Equal([0], Tokens.Table(Tokens.Assets(("<|tool_response>", TokenKind.Control), ("</s>", TokenKind.Control))).EndTokens);
    }

    [Fact]
    public void Of_tokens_spelled_alike_the_lowest_id_is_found()
    {
        TokenTable table = Tokens.Table(Tokens.Assets(("b", TokenKind.Normal), ("a", TokenKind.Control), ("a", TokenKind.Normal), ("a", TokenKind.Normal), ("", TokenKind.Normal)));
        ByteLookup lookup = new(table.Pieces, table.IsText);
        Assert.Equal([2, 0, -1, -1], [lookup.Find("a"u8), lookup.Find("b"u8), lookup.Find(""u8), lookup.Find("ab"u8)]);
    }

    [Fact]
    public void A_lookup_of_many_tokens_finds_each()
    {
        TokenTable table = Tokens.Table(Assets(tokens: 5000));
        ByteLookup lookup = new(table.Pieces, table.IsText);
        for (int id = 0; id < 5000; id++)
            Assert.Equal(id, lookup.Find(Encoding.UTF8.GetBytes($"t{id}")));
        Assert.Equal(-1, lookup.Find("t5000"u8));
        Assert.Equal(5, lookup.MaxLength);
    }

    [Theory]
    [InlineData("<0x4>")]
    [InlineData("<0x4G>")]
    [InlineData("<0x+4>")]
    [InlineData("A")]
    [InlineData("")]
    public void A_byte_token_must_spell_a_byte(string spelling) =>
        Assert.Contains("byte token 7", Assert.Throws<ModelFormatException>(() => ByteTokens.Parse(7, Encoding.UTF8.GetBytes(spelling))).Message);

    [Fact]
    public void Byte_tokens_spell_bytes() =>
        Assert.Equal([0x0A, 0xFF, 0xAB], [ByteTokens.Parse(0, "<0x0A>"u8), ByteTokens.Parse(0, "<0xFF>"u8), ByteTokens.Parse(0, "<0xab>"u8)]);

    [Fact]
    public void A_decoder_wants_room_for_the_longest_piece()
    {
        PieceDecoder decoder = new(Tokens.Table(Assets()), false, false, false);
        Assert.Throws<ArgumentException>(() => decoder.Append(0, new byte[decoder.MaxBytes - 1]));
        Assert.Equal(2, decoder.Append(0, new byte[decoder.MaxBytes]));
    }

    [Fact]
    public void A_reset_decoder_starts_a_new_stream()
    {
        PieceDecoder decoder = new(Tokens.Table(Tokens.Assets((" a", TokenKind.Normal), (" ", TokenKind.Normal))), false, true, true);
        byte[] buffer = new byte[decoder.MaxBytes];
        Assert.Equal([1, 0, 3], [decoder.Append(0, buffer), decoder.Append(1, buffer), decoder.Append(0, buffer)]);
        decoder.Append(1, buffer);
        decoder.Reset();
        Assert.Equal([1, 0], [decoder.Append(0, buffer), decoder.Finish(buffer)]);
    }
}
