using System.Text;

namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>What the special tokens of a vocabulary are for: by the file's own word, else by a well-known spelling.</summary>
internal sealed class Roles
{
    private readonly Dictionary<SpecialToken, int> _roles = [];
    private readonly SortedSet<int> _ends = [];
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);

    /// <summary>Reads the roles and corrects the kinds of tokens that every model uses as control tokens.</summary>
    public Roles(TokenizerAssets assets, IReadOnlyDictionary<SpecialToken, int> defaults, TokenKind[] kinds)
    {
        foreach ((SpecialToken role, int id) in defaults)
            if (id < assets.Tokens.Length)
                _roles[role] = id;
        foreach ((SpecialToken role, int id) in assets.Special)
        {
            if ((uint)id >= (uint)assets.Tokens.Length)
                throw new ModelFormatException($"tokenizer: the {role} token is id {id}, the vocabulary has {assets.Tokens.Length} tokens");
            _roles[role] = id;
        }
        FindKnown(assets);
        Mark(WellKnownTokens.FillInTheMiddleParts, false, kinds);
        Mark(WellKnownTokens.FillInTheMiddleEnds, true, kinds);
        Mark(WellKnownTokens.EndOfTurn, true, kinds);
        Mark(WellKnownTokens.EndOfMessage, true, kinds);
        Mark(WellKnownTokens.EndOfGeneration, true, kinds);
        Adopt(SpecialToken.Eot, WellKnownTokens.EndOfTurn);
        Adopt(SpecialToken.Eom, WellKnownTokens.EndOfMessage);
        foreach (SpecialToken role in (ReadOnlySpan<SpecialToken>)[SpecialToken.Eos, SpecialToken.Eot, SpecialToken.Eom])
            if (_roles.TryGetValue(role, out int id))
                _ends.Add(id);
        Except(kinds);
        EndTokens = Listed(assets) ?? [.. _ends];
    }

    /// <summary>Ascending.</summary>
    public int[] EndTokens { get; }

    public int? Find(SpecialToken role) => _roles.TryGetValue(role, out int id) ? id : null;

    // Some models have more rows than their tokenizer has tokens; such an id is never drawn from the vocabulary, and ends nothing.
    private static int[]? Listed(TokenizerAssets assets) =>
        assets.EndTokens is { } listed ? [.. listed.Where(id => (uint)id < (uint)assets.Tokens.Length).Distinct().Order()] : null;

    private void FindKnown(TokenizerAssets assets)
    {
        HashSet<string> spellings =
        [
            .. WellKnownTokens.FillInTheMiddleParts, .. WellKnownTokens.FillInTheMiddleEnds, .. WellKnownTokens.EndOfTurn,
            .. WellKnownTokens.EndOfMessage, .. WellKnownTokens.EndOfGeneration,
        ];
        int longest = spellings.Max(Encoding.UTF8.GetByteCount);
        for (int id = 0; id < assets.Tokens.Length; id++)
        {
            byte[] token = assets.Tokens[id];
            if (token.Length == 0 || token.Length > longest || token[0] is not ((byte)'<' or (byte)'[' or (byte)'_' or 0xE2))
                continue;
            string spelling = Encoding.UTF8.GetString(token);
            if (spellings.Contains(spelling))
                _known.TryAdd(spelling, id);
        }
    }

    private void Mark(IReadOnlyList<string> spellings, bool isEnd, TokenKind[] kinds)
    {
        foreach (string spelling in spellings)
        {
            if (!_known.TryGetValue(spelling, out int id))
                continue;
            kinds[id] = TokenKind.Control;
            if (isEnd)
                _ends.Add(id);
        }
    }

    private void Adopt(SpecialToken role, IReadOnlyList<string> spellings)
    {
        if (_roles.ContainsKey(role))
            return;
        foreach (string spelling in spellings)
        {
            if (!_known.TryGetValue(spelling, out int id))
                continue;
            _roles[role] = id;
            return;
        }
    }

    // Two families use a spelling of the lists for something else.
    private void Except(TokenKind[] kinds)
    {
        bool call = _known.ContainsKey("<|call|>") || _known.ContainsKey("<|calls|>");
        bool channels = call && (_known.ContainsKey("<|return|>") || _known.ContainsKey("<|flush|>"));
        if (channels && _known.TryGetValue("<|end|>", out int end) && _ends.Remove(end) && Find(SpecialToken.Eot) == end)
            _roles.Remove(SpecialToken.Eot);
        if (_known.ContainsKey("<|tool_response>") && _known.TryGetValue("</s>", out int s) && _ends.Remove(s))
            kinds[s] = TokenKind.Normal;
    }
}
