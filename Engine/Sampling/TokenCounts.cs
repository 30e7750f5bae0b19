using System.Numerics;

namespace Tessera.Engine.Sampling;

/// <summary>How often each token occurs: an open-addressing table that is sized once.</summary>
internal sealed class TokenCounts
{
    private readonly int[] _tokens;
    private readonly int[] _counts;
    private readonly int _mask;

    /// <summary>Makes room for so many distinct tokens.</summary>
    public TokenCounts(int distinct)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, distinct * 2L));
        _tokens = new int[size];
        _counts = new int[size];
        _mask = size - 1;
        Array.Fill(_tokens, -1);
    }

    /// <summary>Places in the table, for walking over it; a place is empty where <see cref="At"/> counts 0.</summary>
    public int Places => _tokens.Length;

    /// <summary>The token at a place and its count.</summary>
    public (int Token, int Count) At(int place) => (_tokens[place], _counts[place]);

    /// <summary>Changes a token's count.</summary>
    public void Add(int token, int change)
    {
        int at = Find(token);
        _tokens[at] = token;
        _counts[at] += change;
    }

    /// <summary>A token's count.</summary>
    public int this[int token] => _counts[Find(token)];

    private int Find(int token)
    {
        int at = (int)((uint)token * 0x9E3779B1u >> 7) & _mask;
        while (_tokens[at] != token && _tokens[at] != -1)
            at = (at + 1) & _mask;
        return at;
    }
}
