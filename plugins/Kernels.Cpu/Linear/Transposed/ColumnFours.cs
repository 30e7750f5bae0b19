namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>How four columns that follow each other in an order stand in words of eight columns.</summary>
internal enum ColumnFour : byte
{
    /// <summary>In the low nibbles of bytes 0, 1, 2 and 3.</summary>
    Low,

    /// <summary>In the high nibbles of bytes 0, 1, 2 and 3.</summary>
    High,

    /// <summary>In bytes 0, 1, 2 and 3, the nibble of each its own.</summary>
    Mixed,

    /// <summary>Anywhere.</summary>
    Loose,
}

/// <summary>Orders the columns of each group so that as many as may be stand in four different bytes of their words: such ones make one vector.</summary>
internal static class ColumnFours
{
    private const int Places = 8, Bytes = 4;

    /// <summary>Changes an order of columns within its groups.</summary>
    /// <param name="order">Columns by group, a multiple of 4 of each.</param>
    /// <param name="groups">The group of each column.</param>
    /// <returns>How each four of the order stand.</returns>
    public static ColumnFour[] Arrange(Span<int> order, ReadOnlySpan<int> groups)
    {
        ColumnFour[] fours = new ColumnFour[order.Length / Bytes];
        Queue<int>[] places = [.. Enumerable.Range(0, Places).Select(_ => new Queue<int>())];
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start; end < order.Length && groups[order[end]] == groups[order[start]]; end++)
                places[order[end] % Places].Enqueue(order[end]);
            Place(order[start..end], fours.AsSpan(start / Bytes), places);
        }
        return fours;
    }

    private static void Place(Span<int> order, Span<ColumnFour> fours, Queue<int>[] places)
    {
        int at = 0;
        for (int half = 0; half < 2; half++)
            for (; Enumerable.Range(0, Bytes).All(b => places[2 * b + half].Count > 0); at += Bytes)
            {
                fours[at / Bytes] = half == 0 ? ColumnFour.Low : ColumnFour.High;
                for (int b = 0; b < Bytes; b++)
                    order[at + b] = places[2 * b + half].Dequeue();
            }
        for (; Enumerable.Range(0, Bytes).All(b => places[2 * b].Count + places[2 * b + 1].Count > 0); at += Bytes)
        {
            fours[at / Bytes] = ColumnFour.Mixed;
            for (int b = 0; b < Bytes; b++)
                order[at + b] = (places[2 * b].Count > 0 ? places[2 * b] : places[2 * b + 1]).Dequeue();
        }
        fours[(at / Bytes)..(order.Length / Bytes)].Fill(ColumnFour.Loose);
        foreach (Queue<int> place in places)
            while (place.TryDequeue(out int column))
                order[at++] = column;
    }
}
