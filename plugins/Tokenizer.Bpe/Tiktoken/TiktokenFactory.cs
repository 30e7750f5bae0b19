using System.Text;
using Tessera.Tokenizers.Common.Files;
using Tessera.Tokenizers.Common.Matching;

namespace Tessera.Tokenizer.Bpe.Tiktoken;

/// <summary>Creates tokenizers from assets of kind <c>tiktoken</c>: a rank file, and tokenizer_config.json where its name says too little.</summary>
public sealed class TiktokenFactory : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "tiktoken";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets)
    {
        if (!CanCreate(assets))
            throw new UnsupportedModelException($"tokenizer.bpe: no tokenizer of kind '{assets.Model}'; known here is tiktoken");
        string[] names = [.. assets.Files.Keys.Where(n => n != TokenizerConfig.FileName && TiktokenFile.Probe(assets.Files[n]))];
        if (names.Length != 1)
            throw new ModelFormatException($"of the model's files {string.Join(", ", assets.Files.Keys)}, {names.Length} are tiktoken rank files, expected 1");
        string name = names[0];
        List<byte[]> tokens = TiktokenFile.Read(assets.Files[name], name);
        int ranks = tokens.Count;
        TokenizerConfig config = TokenizerConfig.Read(assets.Files);
        TiktokenEncoding encoding = TiktokenEncoding.Of(name, config, ranks);
        List<TokenKind> kinds = [.. tokens.Select(t => t.Length == 0 ? TokenKind.Unused : TokenKind.Normal)];
        Dictionary<int, SpaceRule> spaceRules = config.AddTo(tokens, kinds);
        foreach ((string spelling, int id) in encoding.Special)
            Place(spelling, id, tokens, kinds, name);
        return new TiktokenTokenizer(new TokenizerAssets
        {
            Model = assets.Model,
            Tokens = [.. tokens],
            Kinds = [.. kinds],
            Special = Roles(config, tokens),
            EndTokens = assets.EndTokens,
            AddBos = assets.AddBos ?? config.AddBos,
            AddEos = assets.AddEos ?? config.AddEos,
        }, encoding.PreTokenizer, spaceRules);
    }

    private static void Place(string spelling, int id, List<byte[]> tokens, List<TokenKind> kinds, string name)
    {
        // A file with fewer or more ranks than its name promises is another file: the special tokens' ids are the model's.
        const int LargestGap = 1 << 12;
        if (id > tokens.Count + LargestGap)
            throw new ModelFormatException($"{name}: the special token {spelling} has id {id}, the file has {tokens.Count} ranks");
        while (tokens.Count <= id)
        {
            tokens.Add([]);
            kinds.Add(TokenKind.Unused);
        }
        byte[] bytes = Encoding.UTF8.GetBytes(spelling);
        if (tokens[id].Length > 0 && !tokens[id].AsSpan().SequenceEqual(bytes))
            throw new ModelFormatException($"{name}: the special token {spelling} has id {id}, which is another token in the file");
        (tokens[id], kinds[id]) = (bytes, TokenKind.Control);
    }

    private static Dictionary<SpecialToken, int> Roles(TokenizerConfig config, List<byte[]> tokens)
    {
        Dictionary<SpecialToken, int> roles = [];
        foreach ((SpecialToken role, string spelling) in config.Roles)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(spelling);
            int id = tokens.FindLastIndex(t => t.AsSpan().SequenceEqual(bytes));
            if (id < 0)
                throw new ModelFormatException($"{TokenizerConfig.FileName}: the {role} token '{spelling}' is not in the vocabulary");
            roles[role] = id;
        }
        return roles;
    }
}
