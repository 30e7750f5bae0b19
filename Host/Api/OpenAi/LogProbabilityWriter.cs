using System.Text;
using Tessera.Engine.Generation;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Puts log-probabilities into the two shapes of the OpenAI API. JSON has no infinity: the least finite float stands for it.</summary>
internal static class LogProbabilityWriter
{
    public static ChatLogProbabilities Chat(IReadOnlyList<TokenReport> tokens, ITokenizer tokenizer) => new([.. tokens.Select(t => new ChatTokenLogProbability(
        Spelling(tokenizer, t.Id), Finite(t.LogProbability), Bytes(tokenizer, t.Id),
        [.. t.Top.Select(p => new ChatTopLogProbability(Spelling(tokenizer, p.Token), Finite(p.LogProbability), Bytes(tokenizer, p.Token)))]))]);

    /// <param name="tokens">The tokens.</param>
    /// <param name="tokenizer">Spells them.</param>
    /// <param name="textBefore">Characters of the completion before the tokens' text.</param>
    public static TextLogProbabilities Text(IReadOnlyList<TokenReport> tokens, ITokenizer tokenizer, int textBefore) => new(
        [.. tokens.Select(t => Spelling(tokenizer, t.Id))],
        [.. tokens.Select(t => Finite(t.LogProbability))],
        tokens.Any(t => t.Top.Length > 0) ? [.. tokens.Select(t => Top(t, tokenizer))] : null,
        [.. tokens.Select(t => textBefore + t.TextOffset)]);

    private static Dictionary<string, float> Top(in TokenReport token, ITokenizer tokenizer)
    {
        Dictionary<string, float> top = [];
        foreach (TokenProbability p in token.Top)
            top.TryAdd(Spelling(tokenizer, p.Token), Finite(p.LogProbability));
        return top;
    }

    private static string Spelling(ITokenizer tokenizer, int id) => Encoding.UTF8.GetString(tokenizer.Piece(id));

    private static int[] Bytes(ITokenizer tokenizer, int id)
    {
        ReadOnlySpan<byte> piece = tokenizer.Piece(id);
        int[] bytes = new int[piece.Length];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = piece[i];
        return bytes;
    }

    private static float Finite(float value) => float.IsNegativeInfinity(value) ? float.MinValue : value;
}
