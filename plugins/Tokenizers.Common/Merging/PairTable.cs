using System.Numerics;

namespace Tessera.Tokenizers.Common.Merging;

/// <summary>A map from two non-negative numbers to one: open addressing, filled once, then read by any number of threads.</summary>
/// <remarks>The multiplier is random, so a file cannot be made to collide on purpose.</remarks>
public sealed class PairTable
{
    private const ulong Empty = ulong.MaxValue;

    private readonly ulong _multiplier = (ulong)Random.Shared.NextInt64() << 1 | 1;
    private ulong[] _keys;
    private long[] _values;
    private int _shift;

    /// <summary>Creates a table with room for about so many pairs; it grows.</summary>
    public PairTable(int capacity)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(capacity, 8, 1 << 28) * 2);
        _keys = new ulong[size];
        _values = new long[size];
        Array.Fill(_keys, Empty);
        _shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>The number of pairs.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a pair unless it is there already; says whether it was added.</summary>
    public bool TryAdd(int first, int second, long value)
    {
        if (Count * 2 >= _keys.Length)
            Grow();
        ulong key = Key(first, second);
        int slot = Slot(key);
        if (_keys[slot] == key)
            return false;
        _keys[slot] = key;
        _values[slot] = value;
        Count++;
        return true;
    }

    /// <summary>The value of a pair, or −1.</summary>
    public long Find(int first, int second)
    {
        ulong key = Key(first, second);
        int slot = Slot(key);
        return _keys[slot] == key ? _values[slot] : -1;
    }

    private static ulong Key(int first, int second) => (ulong)(uint)first << 32 | (uint)second;

    private int Slot(ulong key)
    {
        int mask = _keys.Length - 1;
        int slot = (int)(key * _multiplier >> _shift);
        while (_keys[slot] != key && _keys[slot] != Empty)
            slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        (ulong[] oldKeys, long[] oldValues) = (_keys, _values);
        _keys = new ulong[checked(oldKeys.Length * 2)];
        _values = new long[_keys.Length];
        Array.Fill(_keys, Empty);
        _shift--;
        for (int i = 0; i < oldKeys.Length; i++)
        {
            if (oldKeys[i] == Empty)
                continue;
            int slot = Slot(oldKeys[i]);
            _keys[slot] = oldKeys[i];
            _values[slot] = oldValues[i];
        }
    }
}
