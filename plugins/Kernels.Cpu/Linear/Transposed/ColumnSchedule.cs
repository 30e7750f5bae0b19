namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// When the columns of a weight whose groups are scattered over them are turned and multiplied. A step turns some columns as they stand, and multiplies as many in parts: each is eight columns
/// of a group that were turned some steps before. Thus few columns are held at a time, and what is read of memory is even over the steps.
/// </summary>
internal sealed class ColumnSchedule
{
    /// <summary>Columns of a step; the last may have fewer. Fewer columns are held the smaller it is, but memory is read slower the fewer lines of words are read in turn.</summary>
    public const int Step = 64;

    /// <summary>Columns of a part. Fewer are held the smaller it is, but a unit's sums are read and written as often as it has parts.</summary>
    public const int Part = 8;

    /// <summary>Parts of a step, but for the last.</summary>
    public const int StepParts = Step / Part;

    /// <summary>Columns of a unit: parts of a group that share the scale of the activations.</summary>
    public const int Unit = 32;

    /// <summary>Makes the schedule and brings the order's units into that in which they are complete.</summary>
    /// <param name="order">Columns by group and within it as they stand, a multiple of 32 of each.</param>
    /// <param name="groups">The group of each column.</param>
    public ColumnSchedule(Span<int> order, ReadOnlySpan<int> groups)
    {
        int[] columns = [.. order.ToArray().Chunk(Unit).OrderBy(unit => unit[^1]).SelectMany(unit => unit)];
        columns.CopyTo(order);
        int[] firsts = [.. Enumerable.Range(0, columns.Length / Part).Select(part => part * Part).OrderBy(first => columns[first + Part - 1])];
        Lag = firsts.Select((first, part) => columns[first + Part - 1] / Step - part / StepParts).Max();
        Slots = HoldColumns(columns, firsts);
        Parts = HoldUnits([.. columns.Select(groups.ToArray().ElementAt)], firsts);
    }

    /// <summary>A step multiplies the parts of so many steps before, where each step has <see cref="StepParts"/> of them.</summary>
    public int Lag { get; }

    /// <summary>Where each column is held from its step to its part's.</summary>
    public int[] Slots { get; }

    /// <summary>The number of such places.</summary>
    public int SlotCount { get; private set; }

    /// <summary>The parts in the sequence in which they are multiplied.</summary>
    public ScheduledPart[] Parts { get; }

    /// <summary>The number of places where the sums of units are held.</summary>
    public int SumCount { get; private set; }

    /// <summary>The number of places where groups are held.</summary>
    public int EntryCount { get; private set; }

    private int[] HoldColumns(int[] columns, int[] firsts)
    {
        int[] slots = new int[columns.Length];
        Stack<int> free = [];
        for (int step = 0; step * Step < columns.Length; step++)
        {
            for (int column = step * Step; column < Math.Min((step + 1) * Step, columns.Length); column++)
                slots[column] = free.TryPop(out int slot) ? slot : SlotCount++;
            if (step >= Lag)
                foreach (int first in firsts.Skip((step - Lag) * StepParts).Take(StepParts))
                    foreach (int column in columns.AsSpan(first, Part))
                        free.Push(slots[column]);
        }
        return slots;
    }

    // The groups are those of the columns in their order.
    private ScheduledPart[] HoldUnits(int[] groups, int[] firsts)
    {
        Dictionary<int, int> left = groups.CountBy(group => group).ToDictionary(), held = [], sums = [];
        Stack<int> free = [], freeSums = [];
        ScheduledPart[] parts = new ScheduledPart[firsts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            int first = firsts[i], group = groups[first], unit = first / Unit, entry = 0;
            bool starts = first % Unit == 0, ends = first % Unit == Unit - Part, needs = ends && !held.ContainsKey(group);
            if (starts)
                sums[unit] = freeSums.TryPop(out int last) ? last : SumCount++;
            if (needs)
                held[group] = free.TryPop(out int last) ? last : EntryCount++;
            if (ends)
            {
                entry = held[group];
                freeSums.Push(sums[unit]);
                if ((left[group] -= Unit) == 0)
                    free.Push(entry);
            }
            parts[i] = new ScheduledPart(first, starts, ends, sums[unit], group, entry, needs);
        }
        return parts;
    }
}
