using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tessera.Tokenizers.Common;

/// <summary>Remembers the ids of short words, so that a text's common words are merged once. For one thread at a time; a newer word takes the place of an older one.</summary>
public sealed class WordCache
{
    /// <summary>The longest word that is remembered, in bytes.</summary>
    public const int LongestWord = 32;

    // A slot is 64 bytes; all slots are half a megabyte, which stays in the second cache.
    private const int MostIds = 7;
    private const int Bits = 13;

    private readonly Slot[] _slots = new Slot[1 << Bits];
    // Random, so that a text cannot be made to collide on purpose.
    private readonly ulong _multiplier = (ulong)Random.Shared.NextInt64() << 1 | 1;

    /// <summary>Appends the ids of a word; says whether it was known.</summary>
    public bool TryAppend(ReadOnlySpan<byte> word, List<int> ids)
    {
        if ((uint)(word.Length - 1) >= LongestWord)
            return false;
        Word key = new(word);
        ref Slot slot = ref _slots[Index(key)];
        if (slot.Length != word.Length || !slot.Word.Is(key))
            return false;
        for (int i = 0; i < slot.Count; i++)
            ids.Add(slot.Ids[i]);
        return true;
    }

    /// <summary>Remembers a word, where it and its ids fit.</summary>
    public void Add(ReadOnlySpan<byte> word, ReadOnlySpan<int> ids)
    {
        if ((uint)(word.Length - 1) >= LongestWord || ids.Length > MostIds)
            return;
        Word key = new(word);
        ref Slot slot = ref _slots[Index(key)];
        (slot.Word, slot.Length, slot.Count) = (key, (byte)word.Length, (byte)ids.Length);
        for (int i = 0; i < ids.Length; i++)
            slot.Ids[i] = ids[i];
    }

    private int Index(in Word key)
    {
        ulong hash = (key.A ^ BitOperations.RotateLeft(key.B, 23)) * _multiplier;
        hash = (hash ^ hash >> 32 ^ key.C ^ BitOperations.RotateLeft(key.D, 41)) * _multiplier;
        return (int)(hash >> (64 - Bits));
    }

    private readonly struct Word
    {
        public readonly ulong A, B, C, D;

        public Word(ReadOnlySpan<byte> bytes)
        {
            Span<ulong> words = stackalloc ulong[4];
            words.Clear();
            bytes.CopyTo(MemoryMarshal.AsBytes(words));
            (A, B, C, D) = (words[0], words[1], words[2], words[3]);
        }

        public bool Is(in Word other) => ((A ^ other.A) | (B ^ other.B) | (C ^ other.C) | (D ^ other.D)) == 0;
    }

    private struct Slot
    {
        public Word Word;
        public IdList Ids;
        public byte Length;
        public byte Count;
    }

    [InlineArray(MostIds)]
    private struct IdList
    {
        private int _first;
    }
}
