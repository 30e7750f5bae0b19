using System.Text;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizers.Common.Tests;

/// <summary>Small vocabularies.</summary>
internal static class Tokens
{
    public static TokenizerAssets Assets(params (string Spelling, TokenKind Kind)[] tokens) => Named(null, tokens);

    public static TokenizerAssets Named(string? name, params (string Spelling, TokenKind Kind)[] tokens) => new()
    {
        Model = "test",
        ModelName = name,
        Tokens = [.. tokens.Select(t => Encoding.UTF8.GetBytes(t.Spelling))],
        Kinds = [.. tokens.Select(t => t.Kind)],
    };

    public static TokenTable Table(TokenizerAssets assets, Dictionary<SpecialToken, int>? defaults = null) =>
        new(assets, (_, _, spelling, bytes) => bytes.AddRange(spelling), defaults ?? []);
}
