using System.Buffers;
using System.Text;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Patterns;

namespace Tessera.Tokenizer.Hf.Vocabularies;

/// <summary>Finds added tokens in a text: from the left, the longest first. Immutable.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly AddedToken[] _tokens;
    private readonly SpellingTrie _trie = new(256);
    private readonly SearchValues<char> _first;
    private readonly SearchValues<char> _firstOfPlain;

    /// <summary>Indexes tokens by what each is looked for as; of two that are alike the first counts, an empty one never does.</summary>
    public AddedTokenMatcher(IEnumerable<AddedToken> tokens, Func<string, string> spell)
    {
        _tokens = [.. tokens];
        HashSet<char> first = [], firstOfPlain = [];
        for (int i = 0; i < _tokens.Length; i++)
        {
            string spelling = spell(_tokens[i].Content);
            if (spelling.Length == 0)
                continue;
            _trie.Add(spelling, i);
            first.Add(spelling[0]);
            if (!_tokens[i].IsSpecial)
                firstOfPlain.Add(spelling[0]);
        }
        (_first, _firstOfPlain) = (SearchValues.Create([.. first]), SearchValues.Create([.. firstOfPlain]));
        IsEmpty = first.Count == 0;
        HasSpecial = _tokens.Any(t => t.IsSpecial);
    }

    public bool IsEmpty { get; }

    public bool HasSpecial { get; }

    /// <summary>The next token of a text.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="parse">Whether special tokens count; the others always do.</param>
    /// <param name="breaks">Ascending positions that no special token may span.</param>
    /// <param name="match">The token and where it stands, with the white space that it swallows.</param>
    public bool TryFind(ReadOnlySpan<char> text, int from, bool parse, ReadOnlySpan<int> breaks, out SpecialMatch match)
    {
        SearchValues<char> units = parse ? _first : _firstOfPlain;
        for (int at = from; at < text.Length; at++)
        {
            int skip = text[at..].IndexOfAny(units);
            if (skip < 0)
                break;
            at += skip;
            (int index, int end) = LongestAt(text, at, parse, breaks);
            if (index < 0)
                continue;
            AddedToken token = _tokens[index];
            if (token.SingleWord && (IsWordBefore(text[..at]) || IsWordBehind(text[end..])))
            {
                // The whole match is passed over.
                at = end - 1;
                continue;
            }
            int start = token.Left ? from + text[from..at].TrimEnd().Length : at;
            if (token.Right)
                end = text.Length - text[end..].TrimStart().Length;
            match = new SpecialMatch(token.Id, start, end);
            return true;
        }
        match = default;
        return false;
    }

    private (int Index, int End) LongestAt(ReadOnlySpan<char> text, int at, bool parse, ReadOnlySpan<int> breaks)
    {
        (int, int) best = (-1, 0);
        int next = breaks.BinarySearch(at + 1);
        next = next < 0 ? ~next : next;
        int limit = !parse ? at : next < breaks.Length ? breaks[next] : int.MaxValue;
        int node = 0;
        for (int i = at; i < text.Length; i++)
        {
            node = _trie.Step(node, text[i]);
            if (node < 0)
                break;
            int index = _trie.Token(node);
            if (index >= 0 && (i < limit || !_tokens[index].IsSpecial))
                best = (index, i + 1);
        }
        return best;
    }

    private static bool IsWordBefore(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && CharacterTests.IsWord(rune.Value);

    private static bool IsWordBehind(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && CharacterTests.IsWord(rune.Value);
}
