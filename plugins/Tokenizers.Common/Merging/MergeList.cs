namespace Tessera.Tokenizers.Common.Merging;

/// <summary>A word's symbols as a linked list, merged best pair first: n symbols take O(n log n), whatever the word.</summary>
/// <remarks>Reused from word to word by one thread at a time.</remarks>
public sealed class MergeList
{
    private MergeQueue queue = new(64);
    private Symbol[] symbols = new Symbol[64];
    private int count;
    private int end;

    /// <summary>The number of symbols that the list has memory for.</summary>
    public int Capacity => symbols.Length;

    /// <summary>Starts a new word.</summary>
    public void Clear()
    {
        queue.Clear();
        (count, end) = (0, 0);
    }

    /// <summary>Appends a symbol.</summary>
    /// <param name="id">Its token, or a negative number.</param>
    /// <param name="length">Its length in the word, in bytes.</param>
    public void Add(int id, int length)
    {
        if (count == symbols.Length)
            Array.Resize(ref symbols, symbols.Length * 2);
        symbols[count] = new Symbol { Id = id, Start = end, Previous = count - 1, Next = count + 1 };
        count++;
        end += length;
    }

    /// <summary>Merges until no pair is left.</summary>
    public void Merge<TRule>(TRule rule) where TRule : struct, IMergeRule
    {
        for (int i = 0; i + 1 < count; i++)
            Offer(rule, i);
        Symbol[] s = symbols;
        while (queue.Count > 0)
        {
            ulong key = queue.Pop();
            int at = (int)(uint)key;
            ref Symbol left = ref s[at];
            // An entry is stale when its left symbol was swallowed or when what follows it has changed; then a newer entry stands for it.
            if (!left.HasMerge || left.Priority != (uint)(key >> 32))
                continue;
            ref Symbol right = ref s[left.Next];
            left.Id = left.Merged;
            left.Next = right.Next;
            right.HasMerge = false;
            if (left.Next < count)
                s[left.Next].Previous = at;
            Offer(rule, at);
            if (left.Previous >= 0)
                Offer(rule, left.Previous);
        }
    }

    /// <summary>The first symbol's index, or −1 for an empty word.</summary>
    public int First => count > 0 ? 0 : -1;

    /// <summary>The index of the symbol after one, or −1.</summary>
    public int Next(int index) => symbols[index].Next < count ? symbols[index].Next : -1;

    /// <summary>The token of a symbol; negative where the vocabulary has none.</summary>
    public int Id(int index) => symbols[index].Id;

    /// <summary>Where a symbol starts in the word, in bytes.</summary>
    public int Start(int index) => symbols[index].Start;

    /// <summary>Where a symbol ends.</summary>
    public int End(int index) => symbols[index].Next < count ? symbols[symbols[index].Next].Start : end;

    private void Offer<TRule>(TRule rule, int at) where TRule : struct, IMergeRule
    {
        ref Symbol left = ref symbols[at];
        left.HasMerge = false;
        if (left.Next >= count)
            return;
        if (!rule.TryMerge(left.Id, symbols[left.Next].Id, left.Start, End(left.Next), out uint priority, out int merged))
            return;
        (left.HasMerge, left.Priority, left.Merged) = (true, priority, merged);
        queue.Push((ulong)priority << 32 | (uint)at);
    }

    private struct Symbol
    {
        public int Id;
        public int Start;
        public int Previous;
        public int Next;
        public int Merged;
        public uint Priority;
        public bool HasMerge;
    }
}
