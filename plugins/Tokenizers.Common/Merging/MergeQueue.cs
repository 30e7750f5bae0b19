namespace Tessera.Tokenizers.Common.Merging;

/// <summary>A binary min-heap of 64-bit keys that keeps its memory between uses.</summary>
internal struct MergeQueue
{
    private ulong[] _heap;

    /// <summary>Creates an empty queue.</summary>
    public MergeQueue(int capacity) => _heap = new ulong[capacity];

    public int Count { get; private set; }

    public void Clear() => Count = 0;

    public void Push(ulong key)
    {
        StepCounter.Add();
        if (Count == _heap.Length)
            Array.Resize(ref _heap, _heap.Length * 2);
        ulong[] items = _heap;
        int at = Count++;
        while (at > 0)
        {
            int parent = (at - 1) >> 1;
            if (items[parent] <= key)
                break;
            items[at] = items[parent];
            at = parent;
        }
        items[at] = key;
    }

    public ulong Pop()
    {
        ulong[] items = _heap;
        ulong top = items[0];
        ulong last = items[--Count];
        int at = 0;
        while (true)
        {
            int child = 2 * at + 1;
            if (child >= Count)
                break;
            if (child + 1 < Count && items[child + 1] < items[child])
                child++;
            if (items[child] >= last)
                break;
            items[at] = items[child];
            at = child;
        }
        items[at] = last;
        return top;
    }
}
