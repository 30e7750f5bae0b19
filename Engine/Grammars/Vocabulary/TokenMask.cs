using System.Numerics;

namespace Tessera.Engine.Grammars.Vocabulary;

/// <summary>Tokens that are allowed, as bits.</summary>
internal sealed class TokenMask(ulong[] bits)
{
    /// <summary>What it takes.</summary>
    public int Bytes => bits.Length * sizeof(ulong) + 64;

    /// <summary>How many are allowed.</summary>
    public int Count { get; } = bits.Sum(BitOperations.PopCount);

    /// <summary>Whether a token is.</summary>
    public bool this[int token] => (bits[token >> 6] >> token & 1) != 0;

    /// <summary>Copies a row of logits; what is not allowed becomes −∞.</summary>
    public void Apply(ReadOnlySpan<float> logits, Span<float> allowed)
    {
        int word = 0;
        for (int at = 0; at < logits.Length; at += 64)
        {
            ReadOnlySpan<float> from = logits.Slice(at, Math.Min(64, logits.Length - at));
            Span<float> to = allowed.Slice(at, from.Length);
            ulong left = word < bits.Length ? bits[word++] : 0;
            if (left == ulong.MaxValue)
            {
                from.CopyTo(to);
                continue;
            }
            to.Fill(float.NegativeInfinity);
            for (; left != 0; left &= left - 1)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                to[bit] = from[bit];
            }
        }
    }
}
