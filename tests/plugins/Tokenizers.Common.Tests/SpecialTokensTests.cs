using Tessera.Tokenizers.Common.Matching;

namespace Tessera.Tokenizers.Common.Tests;

public class SpecialTokensTests
{
    private static readonly TokenizerAssets Assets = Tokens.Assets(
        ("a", TokenKind.Normal), ("<x>", TokenKind.Control), ("<x>y", TokenKind.Control), ("<u", TokenKind.UserDefined), ("<?>", TokenKind.Unknown), ("", TokenKind.Control), ("<u>", TokenKind.Control));

    [Theory]
    [InlineData("a<x>b", true, "1@1-4")]
    [InlineData("a<x>yb<x>", true, "2@1-5 1@6-9")]
    [InlineData("<x><u<u>", true, "1@0-3 3@3-5 6@5-8")]
    [InlineData("<x><u<u><?>", false, "3@3-5 3@5-7")]
    [InlineData("<?>", true, "4@0-3")]
    [InlineData("<<x", true, "")]
    [InlineData("", true, "")]
    public void The_longest_spelling_from_the_left_is_found(string text, bool parse, string expected) => Assert.Equal(expected, Find(Assets, text, parse));

    [Theory]
    [InlineData("a<x>yb", "1@1-4", 4)]
    [InlineData("a<x>yb", "", 2, 4)]
    [InlineData("a<x>yb", "2@1-5", 0, 1, 5, 6)]
    [InlineData("<u><x>", "3@0-2 1@3-6", 1)]
    [InlineData("<x><x>", "1@3-6", 1, 3)]
    public void No_control_token_spans_a_break_but_a_user_defined_one_may(string text, string expected, params int[] breaks) =>
        Assert.Equal(expected, Find(Assets, text, true, breaks));

    [Fact]
    public void Some_models_special_tokens_swallow_the_white_space_behind_them()
    {
        (string, TokenKind)[] tokens = [("<|user|>", TokenKind.Control), ("<s>", TokenKind.Control), ("a", TokenKind.Normal)];
        Assert.Equal("0@0-10 1@10-13", Find(Tokens.Named("My PHI3 mini", tokens), "<|user|>\n <s> a", true));
        Assert.Equal("0@0-8 1@10-13", Find(Tokens.Named("Other", tokens), "<|user|>\n <s> a", true));
    }

    [Fact]
    public void A_mask_swallows_the_white_space_before_it()
    {
        (string, TokenKind)[] tokens = [("[MASK]", TokenKind.Control), ("a", TokenKind.Normal)];
        Assert.Equal("0@1-9", Find(Tokens.Named("modern-bert", tokens), "a  [MASK] a", true));
        Assert.Equal("0@3-9", Find(Tokens.Named(null, tokens), "a  [MASK] a", true));
    }

    [Fact]
    public void A_spelling_that_is_no_text_is_never_found()
    {
        TokenizerAssets assets = new() { Model = "test", Tokens = [[0xFF, 0xFE], [(byte)'a']], Kinds = [TokenKind.Control, TokenKind.Normal] };
        Assert.Equal("", Find(assets, "\uFFFD\uFFFDa", true));
    }

    [Fact]
    public void An_endless_spelling_is_refused()
    {
        TokenizerAssets assets = Tokens.Assets((new string('x', 5000), TokenKind.Control));
        Assert.Contains("5000", Assert.Throws<ModelFormatException>(() => new SpecialTokens(Tokens.Table(assets), assets)).Message);
    }

    private static string Find(TokenizerAssets assets, string text, bool parse, params int[] breaks)
    {
        SpecialTokens specials = new(Tokens.Table(assets), assets);
        List<string> found = [];
        int at = 0;
        while (specials.TryFind(text, at, parse, breaks, out SpecialMatch match))
        {
            found.Add($"{match.Id}@{match.Start}-{match.End}");
            at = match.End;
        }
        return string.Join(' ', found);
    }
}
