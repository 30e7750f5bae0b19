namespace Tessera.Spec.Decoding.Sources;

/// <summary>The n-grams of one growing sequence, each with the last place that it ends at: a token costs one table access for each n.</summary>
internal sealed class NgramIndex(int least, int most)
{
    private const int FirstSize = 1024;

    /// <summary>Entries that an emptied index keeps the memory of: many ended sequences must not hold what few long ones needed.</summary>
    private const int MostKept = 16384;

    /// <summary>Tokens that one call takes in: a step does not wait for more.</summary>
    private const int MostAtOnce = 8192;

    /// <summary>Tokens that are compared to find how far a match agrees.</summary>
    private const int MostAgreed = 64;

    // An entry's key is the n-gram's hash, its value the place after it; 0 is empty.
    private ulong[] _keys = new ulong[FirstSize];
    private int[] _ends = new int[FirstSize];
    private int _used, _length;

    /// <summary>Tokens that were taken in.</summary>
    public int Length => _length;

    /// <summary>The place after the earlier occurrence of the sequence's longest known end; 0: there is none.</summary>
    public int Match { get; private set; }

    /// <summary>How many of the sequence's last tokens are those before <see cref="Match"/>, up to a bound.</summary>
    public int Agreed(ReadOnlySpan<int> tokens)
    {
        int most = Math.Min(Match, MostAgreed), count = 0;
        while (count < most && tokens[Match - 1 - count] == tokens[_length - 1 - count])
            count++;
        return count;
    }

    /// <summary>Forgets everything, and keeps its memory where that is little.</summary>
    public void Clear()
    {
        if (_keys.Length > MostKept)
            (_keys, _ends) = (new ulong[FirstSize], new int[FirstSize]);
        Array.Clear(_keys);
        Array.Clear(_ends);
        (_used, _length, Match) = (0, 0, 0);
    }

    /// <summary>Takes in what is new of a sequence, all of whose older tokens are known; a long prompt in several calls.</summary>
    public void Append(ReadOnlySpan<int> tokens)
    {
        bool whole = tokens.Length - _length <= MostAtOnce;
        if (!whole)
            tokens = tokens[..(_length + MostAtOnce)];
        // As many entries as can come of it, so that a step seldom has to grow the table.
        while ((long)(_used + (tokens.Length - _length) * (most - least + 1)) * 2 > _keys.Length)
            Grow();
        for (; _length < tokens.Length; _length++)
            Append(tokens[..(_length + 1)], _length + 1);
        if (!whole)
            Match = 0;
    }

    private void Append(ReadOnlySpan<int> known, int end)
    {
        Match = 0;
        ulong hash = 0;
        for (int n = 1; n <= most && n <= end; n++)
        {
            hash = Mix(hash + (uint)known[end - n] + 1);
            if (n < least)
                continue;
            int at = Find(_keys, hash);
            int before = _ends[at];
            if (before == 0)
                _used++;
            else if (before >= n && known.Slice(end - n, n).SequenceEqual(known.Slice(before - n, n)))
                Match = before;
            (_keys[at], _ends[at]) = (hash, end);
        }
    }

    private void Grow()
    {
        ulong[] keys = new ulong[_keys.Length * 2];
        int[] ends = new int[keys.Length];
        for (int i = 0; i < _keys.Length; i++)
        {
            if (_ends[i] == 0)
                continue;
            int at = Find(keys, _keys[i]);
            (keys[at], ends[at]) = (_keys[i], _ends[i]);
        }
        (_keys, _ends) = (keys, ends);
    }

    private static int Find(ulong[] keys, ulong key)
    {
        int mask = keys.Length - 1, at = (int)(key >> 32) & mask;
        while (keys[at] != 0 && keys[at] != key)
            at = (at + 1) & mask;
        return at;
    }

    // The finalizer of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014); never 0.
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
        x = (x ^ x >> 27) * 0x94D049BB133111EB;
        return (x ^ x >> 31) | 1;
    }
}
