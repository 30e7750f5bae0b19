namespace Tessera.Tokenizer.Hf.Decoders;

/// <summary>A decoder as read from its file: steps on tokens, then filters on the text that they make together. Immutable.</summary>
internal sealed class DecoderRecipe
{
    /// <summary>Steps on each token, before bytes are put together.</summary>
    public List<TokenStep> Before { get; } = [];

    /// <summary>Steps on each token, and on the text of bytes that were put together.</summary>
    public List<TokenStep> After { get; } = [];

    /// <summary>Makes the filters of one stream.</summary>
    public List<Func<TextFilter>> Filters { get; } = [];

    /// <summary>Whether tokens spelled <c>&lt;0xNN&gt;</c> are put together as UTF-8.</summary>
    public bool JoinsBytes { get; set; }

    /// <summary>Whether all tokens have become one text.</summary>
    public bool IsFused { get; set; }

    /// <summary>Whether a token that repeats the one before is left out.</summary>
    public bool DropsRepeats { get; set; }

    /// <summary>Whether there is a space between tokens: where the file has no decoder.</summary>
    public bool SpacesTokens { get; init; }

    public IEnumerable<TokenStep> Steps => Before.Concat(After);
}
