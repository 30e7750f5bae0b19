using System.Numerics;

namespace Tessera.Engine.Grammars.Automaton;

/// <summary>A set of threads that is emptied at no cost.</summary>
internal sealed class ThreadSet
{
    private long[] _keys = new long[64];
    private int[] _rounds = new int[64];
    private int _round = 1;

    /// <summary>How many are in it.</summary>
    public int Count { get; private set; }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Count = 0;
        if (++_round != int.MaxValue)
            return;
        Array.Clear(_rounds);
        _round = 1;
    }

    /// <summary>Adds a thread; false: it is in it.</summary>
    public bool Add(GrammarThread thread)
    {
        if (Count * 2 >= _keys.Length)
            Grow();
        if (!Place(thread.Key))
            return false;
        Count++;
        return true;
    }

    private bool Place(long key)
    {
        int mask = _keys.Length - 1, at = (int)((ulong)key * 0x9E3779B97F4A7C15 >> 64 - BitOperations.Log2((uint)_keys.Length));
        for (; _rounds[at] == _round; at = (at + 1) & mask)
            if (_keys[at] == key)
                return false;
        (_keys[at], _rounds[at]) = (key, _round);
        return true;
    }

    private void Grow()
    {
        (long[] keys, int[] rounds) = (_keys, _rounds);
        (_keys, _rounds) = (new long[keys.Length * 2], new int[keys.Length * 2]);
        for (int i = 0; i < keys.Length; i++)
            if (rounds[i] == _round)
                Place(keys[i]);
    }
}
