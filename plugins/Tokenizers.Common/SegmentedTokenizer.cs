using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizers.Common;

/// <summary>What the tokenizers share: special tokens cut the text into segments, each is encoded by the kind's own rules.</summary>
public abstract class SegmentedTokenizer : ITokenizer
{
    private readonly SpecialTokens _specials;

    /// <summary>Builds the shared part.</summary>
    /// <param name="assets">What the model's files say.</param>
    /// <param name="table">The vocabulary.</param>
    /// <param name="specials">The special tokens to look for; null: all of the vocabulary.</param>
    protected SegmentedTokenizer(TokenizerAssets assets, TokenTable table, SpecialTokens? specials = null)
    {
        Table = table;
        _specials = specials ?? new SpecialTokens(table, assets);
    }

    /// <summary>The vocabulary.</summary>
    protected TokenTable Table { get; }

    /// <summary>The id put in front of a text, or null.</summary>
    protected int? Prefix { get; init; }

    /// <summary>The id put behind a text, or null.</summary>
    protected int? Suffix { get; init; }

    /// <inheritdoc/>
    public int VocabularySize => Table.Count;

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokens => Table.EndTokens;

    /// <inheritdoc/>
    public int? Special(SpecialToken role) => Table.Special(role);

    /// <inheritdoc/>
    public TokenKind Kind(int id) => Table.Kind(id);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Piece(int id) => Table.Piece(id);

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
    {
        if (options.AddSpecial && Prefix is { } prefix)
            ids.Add(prefix);
        int at = 0;
        while (_specials.TryFind(text, at, options.ParseSpecial, options.SpecialBreaks, out SpecialMatch match))
        {
            if (match.Start > at)
                EncodeSegment(text[at..match.Start], ids);
            ids.Add(match.Id);
            at = match.End;
        }
        if (at < text.Length)
            EncodeSegment(text[at..], ids);
        if (options.AddSpecial && Suffix is { } suffix)
            ids.Add(suffix);
    }

    /// <inheritdoc/>
    public abstract ITokenDecoder CreateDecoder(bool skipControl);

    /// <summary>Encodes text without special tokens.</summary>
    /// <param name="text">Not empty; it starts the whole text or follows a special token.</param>
    /// <param name="ids">The list to append to.</param>
    protected abstract void EncodeSegment(ReadOnlySpan<char> text, List<int> ids);
}
