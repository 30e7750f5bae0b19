namespace Tessera.Tokenizers.Common.Merging;

/// <summary>A word's symbols as a linked list, merged best pair first: n symbols take O(n log n), whatever the word.</summary>
/// <remarks>Reused from word to word by one thread at a time.</remarks>
public sealed class MergeList
{
    // Up to here the best pair is looked for one by one, which is faster than a queue.
    private const int FewSymbols = 24;
    private const ulong NoPair = ulong.MaxValue;

    private MergeQueue _queue = new(64);
    private Symbol[] _symbols = new Symbol[64];
    private int _count;
    private int _end;

    /// <summary>The number of symbols that the list has memory for.</summary>
    public int Capacity => _symbols.Length;

    /// <summary>Starts a new word.</summary>
    public void Clear()
    {
        _queue.Clear();
        (_count, _end) = (0, 0);
    }

    /// <summary>Appends a symbol.</summary>
    /// <param name="id">Its token, or a negative number.</param>
    /// <param name="length">Its length in the word, in bytes.</param>
    public void Add(int id, int length)
    {
        if (_count == _symbols.Length)
            Array.Resize(ref _symbols, _symbols.Length * 2);
        _symbols[_count] = new Symbol { Id = id, Start = _end, Previous = _count - 1, Next = _count + 1 };
        _count++;
        _end += length;
    }

    /// <summary>The token of the symbol that was added last, or −1.</summary>
    public int LastId => _count > 0 ? _symbols[_count - 1].Id : -1;

    /// <summary>Merges until no pair is left.</summary>
    public void Merge<TRule>(TRule rule) where TRule : struct, IMergeRule, allows ref struct
    {
        if (_count <= FewSymbols)
        {
            MergeFew(rule);
            return;
        }
        for (int i = 0; i + 1 < _count; i++)
            Offer(rule, i);
        Symbol[] s = _symbols;
        while (_queue.Count > 0)
        {
            ulong key = _queue.Pop();
            int at = (int)(uint)key;
            ref Symbol left = ref s[at];
            // An entry is stale when its left symbol was swallowed or when what follows it has changed; then a newer entry stands for it.
            if (!left.HasMerge || left.Priority != (uint)(key >> 32))
                continue;
            ref Symbol right = ref s[left.Next];
            left.Id = left.Merged;
            left.Next = right.Next;
            right.HasMerge = false;
            if (left.Next < _count)
                s[left.Next].Previous = at;
            Offer(rule, at);
            if (left.Previous >= 0)
                Offer(rule, left.Previous);
        }
    }

    /// <summary>The first symbol's index, or −1 for an empty word.</summary>
    public int First => _count > 0 ? 0 : -1;

    /// <summary>The index of the symbol after one, or −1.</summary>
    public int Next(int index) => _symbols[index].Next < _count ? _symbols[index].Next : -1;

    /// <summary>The token of a symbol; negative where the vocabulary has none.</summary>
    public int Id(int index) => _symbols[index].Id;

    /// <summary>Where a symbol starts in the word, in bytes.</summary>
    public int Start(int index) => _symbols[index].Start;

    /// <summary>Where a symbol ends.</summary>
    public int End(int index) => _symbols[index].Next < _count ? _symbols[_symbols[index].Next].Start : _end;

    private void Offer<TRule>(TRule rule, int at) where TRule : struct, IMergeRule, allows ref struct
    {
        if (Look(rule, at) is not NoPair and ulong key)
            _queue.Push(key);
    }

    private void MergeFew<TRule>(TRule rule) where TRule : struct, IMergeRule, allows ref struct
    {
        if (_count < 2)
            return;
        Span<ulong> keys = stackalloc ulong[FewSymbols];
        keys = keys[..(_count - 1)];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = Look(rule, i);
        Symbol[] s = _symbols;
        while (true)
        {
            ulong best = NoPair;
            foreach (ulong key in keys)
                best = Math.Min(best, key);
            if (best == NoPair)
                return;
            int at = (int)(uint)best;
            ref Symbol left = ref s[at];
            int right = left.Next;
            left.Id = left.Merged;
            left.Next = s[right].Next;
            if (right < keys.Length)
                keys[right] = NoPair;
            if (left.Next < _count)
            {
                s[left.Next].Previous = at;
                keys[at] = Look(rule, at);
            }
            else
            {
                keys[at] = NoPair;
            }
            if (left.Previous >= 0)
                keys[left.Previous] = Look(rule, left.Previous);
        }
    }

    // The place of a symbol that merges with the next, behind the priority of that.
    private ulong Look<TRule>(TRule rule, int at) where TRule : struct, IMergeRule, allows ref struct
    {
        ref Symbol left = ref _symbols[at];
        left.HasMerge = false;
        if (left.Next >= _count)
            return NoPair;
        StepCounter.Add();
        if (!rule.TryMerge(left.Id, _symbols[left.Next].Id, left.Start, End(left.Next), out uint priority, out int merged))
            return NoPair;
        (left.HasMerge, left.Priority, left.Merged) = (true, priority, merged);
        return (ulong)priority << 32 | (uint)at;
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
