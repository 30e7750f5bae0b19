namespace Tessera.Tokenizers.Common.Merging;

/// <summary>Remembers what pairs of tokens merge to, also that they do not. For one thread at a time; a newer pair takes the place of an older one.</summary>
public sealed class PairMemo
{
    // 128 KB, which stays in the second cache.
    private const int Bits = 13;

    private readonly Entry[] _entries = new Entry[1 << Bits];
    private readonly ulong _multiplier = (ulong)Random.Shared.NextInt64() << 1 | 1;

    /// <summary>What a pair of tokens, neither negative, merges to; says whether the pair is remembered.</summary>
    public bool TryFind(int left, int right, out int merged)
    {
        ulong key = Key(left, right);
        ref Entry entry = ref _entries[key * _multiplier >> (64 - Bits)];
        merged = entry.Merged;
        return entry.Key == key;
    }

    /// <summary>Remembers a pair.</summary>
    public void Add(int left, int right, int merged)
    {
        ulong key = Key(left, right);
        _entries[key * _multiplier >> (64 - Bits)] = new Entry(key, merged);
    }

    // Never 0, which is an entry without a pair.
    private static ulong Key(int left, int right) => (ulong)(uint)left << 32 | (uint)right | 1UL << 63;

    private readonly record struct Entry(ulong Key, int Merged);
}
