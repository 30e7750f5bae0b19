using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tessera.Tokenizers.Common;

/// <summary>Remembers the ids of words, so that a text's common words are merged once. For one thread at a time; a newer word takes the place of an older one.</summary>
public sealed class WordCache
{
    /// <summary>The longest word that is remembered, in bytes.</summary>
    public const int LongestWord = 64;

    // A word of 32 bytes and 7 ids fits the first half of a slot, one line of the processor's cache; only longer ones touch the second. All first halves are half a megabyte,
    // which stays in the second cache.
    private const int ShortWord = 32, FewIds = 7, MoreIds = 8;
    private const int Bits = 13;

    private readonly Head[] _heads = new Head[1 << Bits];
    private readonly Tail[] _tails = new Tail[1 << Bits];
    // Random, so that a text cannot be made to collide on purpose.
    private readonly ulong _multiplier = (ulong)Random.Shared.NextInt64() << 1 | 1;

    /// <summary>Appends the ids of a word; says whether it was known.</summary>
    public bool TryAppend(ReadOnlySpan<byte> word, List<int> ids)
    {
        StepCounter.Add();
        if ((uint)(word.Length - 1) >= LongestWord)
            return false;
        Part first = new(word[..Math.Min(word.Length, ShortWord)]);
        Part second = word.Length > ShortWord ? new Part(word[ShortWord..]) : default;
        int index = Index(first, second);
        ref Head head = ref _heads[index];
        if (head.Length != word.Length || !head.Word.Is(first) || (word.Length > ShortWord && !_tails[index].Word.Is(second)))
            return false;
        int few = Math.Min((int)head.Count, FewIds);
        for (int i = 0; i < few; i++)
            ids.Add(head.Ids[i]);
        for (int i = 0; i < head.Count - FewIds; i++)
            ids.Add(_tails[index].Ids[i]);
        return true;
    }

    /// <summary>Remembers a word, where it and its ids fit.</summary>
    public void Add(ReadOnlySpan<byte> word, ReadOnlySpan<int> ids)
    {
        if ((uint)(word.Length - 1) >= LongestWord || ids.Length > FewIds + MoreIds)
            return;
        Part first = new(word[..Math.Min(word.Length, ShortWord)]);
        Part second = word.Length > ShortWord ? new Part(word[ShortWord..]) : default;
        int index = Index(first, second);
        ref Head head = ref _heads[index];
        (head.Word, head.Length, head.Count) = (first, (byte)word.Length, (byte)ids.Length);
        if (word.Length > ShortWord)
            _tails[index].Word = second;
        for (int i = 0; i < Math.Min(ids.Length, FewIds); i++)
            head.Ids[i] = ids[i];
        for (int i = FewIds; i < ids.Length; i++)
            _tails[index].Ids[i - FewIds] = ids[i];
    }

    private int Index(in Part first, in Part second)
    {
        ulong hash = (first.A ^ BitOperations.RotateLeft(first.B, 23)) * _multiplier;
        hash = (hash ^ hash >> 32 ^ first.C ^ BitOperations.RotateLeft(first.D, 41)) * _multiplier;
        hash = (hash ^ hash >> 29 ^ second.A ^ BitOperations.RotateLeft(second.B, 23) ^ BitOperations.RotateLeft(second.C, 37) ^ BitOperations.RotateLeft(second.D, 11)) * _multiplier;
        return (int)(hash >> (64 - Bits));
    }

    private readonly struct Part
    {
        public readonly ulong A, B, C, D;

        public Part(ReadOnlySpan<byte> bytes)
        {
            Span<ulong> words = stackalloc ulong[4];
            words.Clear();
            bytes.CopyTo(MemoryMarshal.AsBytes(words));
            (A, B, C, D) = (words[0], words[1], words[2], words[3]);
        }

        public bool Is(in Part other) => ((A ^ other.A) | (B ^ other.B) | (C ^ other.C) | (D ^ other.D)) == 0;
    }

    private struct Head
    {
        public Part Word;
        public FewIdList Ids;
        public byte Length;
        public byte Count;
    }

    private struct Tail
    {
        public Part Word;
        public MoreIdList Ids;
    }

    [InlineArray(FewIds)]
    private struct FewIdList
    {
        private int _first;
    }

    [InlineArray(MoreIds)]
    private struct MoreIdList
    {
        private int _first;
    }
}
