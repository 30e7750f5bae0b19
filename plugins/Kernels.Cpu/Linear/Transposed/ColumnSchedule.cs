namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// When the columns of a weight whose groups are scattered over them are turned and multiplied. A step turns sixteen columns as they stand, and multiplies a part: sixteen columns of a
/// group that were turned some steps before. Thus few columns are held at a time, and what is read of memory is even over the steps.
/// </summary>
internal sealed class ColumnSchedule
{
    /// <summary>Columns of a step and of a part.</summary>
    public const int Part = 16;

    /// <summary>Columns of a unit: two parts of a group that share the scale of the activations.</summary>
    public const int Unit = 2 * Part;

    /// <summary>Makes the schedule and brings the order's units into that in which they are complete.</summary>
    /// <param name="order">Columns by group and within it as they stand, a multiple of 32 of each.</param>
    /// <param name="groups">The group of each column.</param>
    public ColumnSchedule(Span<int> order, ReadOnlySpan<int> groups)
    {
        int[] columns = [.. order.ToArray().Chunk(Unit).OrderBy(unit => unit[^1]).SelectMany(unit => unit)];
        columns.CopyTo(order);
        int[] firsts = [.. Enumerable.Range(0, columns.Length / Part).Select(part => part * Part).OrderBy(first => columns[first + Part - 1])];
        Lag = firsts.Select((first, step) => columns[first + Part - 1] / Part - step).Max();
        Slots = HoldColumns(columns, firsts);
        Parts = HoldGroups([.. columns.Select(groups.ToArray().ElementAt)], firsts);
    }

    /// <summary>A part is multiplied so many steps after the step of its own number.</summary>
    public int Lag { get; }

    /// <summary>Where each column is held from its step to its part's.</summary>
    public int[] Slots { get; }

    /// <summary>The number of such places.</summary>
    public int SlotCount { get; private set; }

    /// <summary>The parts in the sequence in which they are multiplied.</summary>
    public ScheduledPart[] Parts { get; }

    /// <summary>The number of places where groups are held.</summary>
    public int EntryCount { get; private set; }

    private int[] HoldColumns(int[] columns, int[] firsts)
    {
        int[] slots = new int[columns.Length];
        Stack<int> free = [];
        for (int step = 0; step < firsts.Length; step++)
        {
            for (int column = step * Part; column < (step + 1) * Part; column++)
                slots[column] = free.TryPop(out int slot) ? slot : SlotCount++;
            if (step >= Lag)
                foreach (int column in columns.AsSpan(firsts[step - Lag], Part))
                    free.Push(slots[column]);
        }
        return slots;
    }

    // The groups are those of the columns in their order.
    private ScheduledPart[] HoldGroups(int[] groups, int[] firsts)
    {
        Dictionary<int, int> left = groups.CountBy(group => group).ToDictionary(), held = [];
        HashSet<int> read = [];
        Stack<int> free = [];
        ScheduledPart[] parts = new ScheduledPart[firsts.Length];
        for (int step = 0; step < parts.Length; step++)
        {
            int first = firsts[step], group = groups[first];
            if (!held.TryGetValue(group, out int entry))
                held[group] = entry = free.TryPop(out int last) ? last : EntryCount++;
            bool ends = first % Unit != 0;
            parts[step] = new ScheduledPart(first, ends, group, entry, ends && read.Add(group));
            if ((left[group] -= Part) == 0)
                free.Push(entry);
        }
        return parts;
    }
}
