using System.Buffers.Binary;
using System.Numerics;

namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>Finds a token by its bytes; the lowest id wins where two tokens are spelled alike. Filled once, then read by any number of threads.</summary>
/// <remarks>The seed is random, so a file cannot be made to collide on purpose.</remarks>
public sealed class ByteLookup
{
    private const ulong Prime = 0x9E37_79B9_7F4A_7C15;

    private readonly ulong _seed = (ulong)Random.Shared.NextInt64() | 1;
    private readonly PieceStore _pieces;
    private readonly int[] _slots;
    private readonly uint[] _tags;

    /// <summary>Indexes the pieces that a filter lets through; empty ones are never found.</summary>
    public ByteLookup(PieceStore pieces, Func<int, bool> include)
    {
        _pieces = pieces;
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(_pieces.Count, 4) * 2);
        _slots = new int[size];
        _tags = new uint[size];
        Array.Fill(_slots, -1);
        for (int id = 0; id < _pieces.Count; id++)
        {
            ReadOnlySpan<byte> piece = _pieces[id];
            if (piece.IsEmpty || !include(id))
                continue;
            MaxLength = Math.Max(MaxLength, piece.Length);
            int slot = Slot(piece, out uint tag);
            if (_slots[slot] < 0)
                (_slots[slot], _tags[slot]) = (id, tag);
        }
    }

    /// <summary>The length of the longest token, in bytes.</summary>
    public int MaxLength { get; }

    /// <summary>The id of the token with exactly these bytes, or −1.</summary>
    public int Find(ReadOnlySpan<byte> bytes) => (uint)(bytes.Length - 1) < (uint)MaxLength ? _slots[Slot(bytes, out _)] : -1;

    private int Slot(ReadOnlySpan<byte> bytes, out uint tag)
    {
        ulong hash = Hash(bytes, _seed);
        tag = (uint)(hash >> 32);
        int mask = _slots.Length - 1;
        int slot = (int)hash & mask;
        while (_slots[slot] >= 0 && (_tags[slot] != tag || !_pieces[_slots[slot]].SequenceEqual(bytes)))
            slot = (slot + 1) & mask;
        return slot;
    }

    private static ulong Hash(ReadOnlySpan<byte> bytes, ulong seed)
    {
        StepCounter.Add(bytes.Length);
        ulong hash = seed ^ (ulong)bytes.Length * Prime;
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        ulong tail = 0;
        foreach (byte b in bytes)
            tail = tail << 8 | b;
        return Mix(hash ^ tail);
    }

    // The seed is in every input, so equal products need a guess of it.
    private static ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value, Prime, out ulong low);
        return high ^ low;
    }
}
