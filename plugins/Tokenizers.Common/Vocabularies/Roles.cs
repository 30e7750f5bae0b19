using System.Text;

namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>What the special tokens of a vocabulary are for: by the file's own word, else by a well-known spelling.</summary>
internal sealed class Roles
{
    private readonly Dictionary<SpecialToken, int> roles = [];
    private readonly SortedSet<int> ends = [];
    private readonly Dictionary<string, int> known = new(StringComparer.Ordinal);

    /// <summary>Reads the roles and corrects the kinds of tokens that every model uses as control tokens.</summary>
    public Roles(TokenizerAssets assets, IReadOnlyDictionary<SpecialToken, int> defaults, TokenKind[] kinds)
    {
        foreach ((SpecialToken role, int id) in defaults)
            if (id < assets.Tokens.Length)
                roles[role] = id;
        foreach ((SpecialToken role, int id) in assets.Special)
        {
            if ((uint)id >= (uint)assets.Tokens.Length)
                throw new ModelFormatException($"tokenizer: the {role} token is id {id}, the vocabulary has {assets.Tokens.Length} tokens");
            roles[role] = id;
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
            if (roles.TryGetValue(role, out int id))
                ends.Add(id);
        Except(kinds);
        EndTokens = [.. ends];
    }

    /// <summary>Ascending.</summary>
    public int[] EndTokens { get; }

    public int? Find(SpecialToken role) => roles.TryGetValue(role, out int id) ? id : null;

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
                known.TryAdd(spelling, id);
        }
    }

    private void Mark(IReadOnlyList<string> spellings, bool isEnd, TokenKind[] kinds)
    {
        foreach (string spelling in spellings)
        {
            if (!known.TryGetValue(spelling, out int id))
                continue;
            kinds[id] = TokenKind.Control;
            if (isEnd)
                ends.Add(id);
        }
    }

    private void Adopt(SpecialToken role, IReadOnlyList<string> spellings)
    {
        if (roles.ContainsKey(role))
            return;
        foreach (string spelling in spellings)
        {
            if (!known.TryGetValue(spelling, out int id))
                continue;
            roles[role] = id;
            return;
        }
    }

    // Two families use a spelling of the lists for something else.
    private void Except(TokenKind[] kinds)
    {
        bool call = known.ContainsKey("<|call|>") || known.ContainsKey("<|calls|>");
        bool channels = call && (known.ContainsKey("<|return|>") || known.ContainsKey("<|flush|>"));
        if (channels && known.TryGetValue("<|end|>", out int end) && ends.Remove(end) && Find(SpecialToken.Eot) == end)
            roles.Remove(SpecialToken.Eot);
        if (known.ContainsKey("<|tool_response>") && known.TryGetValue("</s>", out int s) && ends.Remove(s))
            kinds[s] = TokenKind.Normal;
    }
}
