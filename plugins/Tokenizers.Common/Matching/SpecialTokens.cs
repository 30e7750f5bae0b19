using System.Buffers;
using System.Text;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizers.Common.Matching;

/// <summary>Finds the spellings of special tokens in a text: from the left, the longest first. Immutable.</summary>
public sealed class SpecialTokens
{
    // Bounds what one position of a text can cost.
    private const int LongestSpelling = 1024;

    private readonly TokenTable _table;
    private readonly SpellingTrie _trie = new(256);
    private readonly SearchValues<char> _firstUnits;
    private readonly SearchValues<char> _firstUnitsOfUserDefined;
    private readonly IReadOnlyDictionary<int, SpaceRule> _spaceRules;

    /// <summary>Collects the special tokens of a vocabulary.</summary>
    /// <param name="table">The vocabulary.</param>
    /// <param name="assets">What the model's files say.</param>
    /// <param name="plain">Tokens that are not looked for, or null.</param>
    /// <param name="spaceRules">The white space that tokens swallow; null: by the names of models, as GGUF files have no key for it.</param>
    /// <exception cref="ModelFormatException">A spelling is too long to look for.</exception>
    public SpecialTokens(TokenTable table, TokenizerAssets assets, Func<int, bool>? plain = null, IReadOnlyDictionary<int, SpaceRule>? spaceRules = null)
    {
        _table = table;
        _spaceRules = spaceRules ?? SpaceRules.For(_table, assets);
        HashSet<char> first = [];
        HashSet<char> firstUser = [];
        UTF8Encoding strict = new(false, true);
        for (int id = 0; id < _table.Count; id++)
        {
            if (_table.Kind(id) is not (TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown) || assets.Tokens[id].Length == 0 || plain?.Invoke(id) == true)
                continue;
            if (assets.Tokens[id].Length > LongestSpelling)
                throw new ModelFormatException($"tokenizer.ggml.tokens: special token {id} is {assets.Tokens[id].Length} bytes long, at most {LongestSpelling} are supported");
            string spelling;
            try
            {
                spelling = strict.GetString(assets.Tokens[id]);
            }
            catch (DecoderFallbackException)
            {
                continue; // No text has such bytes.
            }
            _trie.Add(spelling, id);
            first.Add(spelling[0]);
            if (_table.Kind(id) == TokenKind.UserDefined)
                firstUser.Add(spelling[0]);
        }
        _firstUnits = SearchValues.Create([.. first]);
        _firstUnitsOfUserDefined = SearchValues.Create([.. firstUser]);
    }

    /// <summary>The next special token of a text.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="parse">Whether control tokens count; user-defined ones always do.</param>
    /// <param name="breaks">Ascending positions that no control token may span.</param>
    /// <param name="match">The token and where it stands, with the white space that it swallows.</param>
    public bool TryFind(ReadOnlySpan<char> text, int from, bool parse, ReadOnlySpan<int> breaks, out SpecialMatch match)
    {
        SearchValues<char> units = parse ? _firstUnits : _firstUnitsOfUserDefined;
        for (int at = from; at < text.Length; at++)
        {
            int skip = text[at..].IndexOfAny(units);
            if (skip < 0)
                break;
            at += skip;
            if (LongestAt(text, at, parse, breaks) is not ({ } id, int end))
                continue;
            int start = at;
            SpaceRule rule = _spaceRules.GetValueOrDefault(id);
            if ((rule & SpaceRule.Left) != 0)
                while (start > from && IsSpace(text[start - 1]))
                    start--;
            if ((rule & SpaceRule.Right) != 0)
                while (end < text.Length && IsSpace(text[end]))
                    end++;
            match = new SpecialMatch(id, start, end);
            return true;
        }
        match = default;
        return false;
    }

    private (int Id, int End)? LongestAt(ReadOnlySpan<char> text, int at, bool parse, ReadOnlySpan<int> breaks)
    {
        (int, int)? best = null;
        // The first break behind the token's first unit bounds every control token from here.
        int limit = parse ? FirstAbove(breaks, at) : at;
        int node = 0;
        for (int i = at; i < text.Length; i++)
        {
            node = _trie.Step(node, text[i]);
            if (node < 0)
                break;
            int id = _trie.Token(node);
            if (id >= 0 && (i < limit || _table.Kind(id) == TokenKind.UserDefined))
                best = (id, i + 1);
        }
        return best;
    }

    private static int FirstAbove(ReadOnlySpan<int> breaks, int position)
    {
        int low = 0;
        for (int high = breaks.Length; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (breaks[middle] > position)
                high = middle;
            else
                low = middle + 1;
        }
        return low < breaks.Length ? breaks[low] : int.MaxValue;
    }

    // The C locale's isspace.
    private static bool IsSpace(char c) => c is ' ' or (>= '\t' and <= '\r');
}

/// <summary>A special token in a text: its id, where it starts and where the text goes on.</summary>
public readonly record struct SpecialMatch(int Id, int Start, int End);
