using Tessera.Kernels.Cpu.Linear.Transposed;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>The way down scattered columns, step by step.</summary>
public class ColumnScheduleTests
{
    private const int Part = ColumnSchedule.Part, Unit = ColumnSchedule.Unit;

    [Theory]
    [InlineData(32, 32, false), InlineData(512, 128, false), InlineData(512, 128, true), InlineData(4096, 128, true), InlineData(1024, 32, true), InlineData(256, 256, true)]
    public void Columns_and_groups_are_held_from_when_they_come_to_when_they_are_used(int columns, int group, bool shuffled)
    {
        int[] groups = [.. Enumerable.Range(0, columns).Select(i => i / group)];
        if (shuffled)
            new Random(columns).Shuffle(groups);
        int[] order = [.. Enumerable.Range(0, columns).OrderBy(i => groups[i])];
        ColumnSchedule schedule = new(order, groups);
        Assert.Equal(Enumerable.Range(0, columns), order.Order());
        ScheduledPart[] parts = schedule.Parts;
        Assert.Equal(Enumerable.Range(0, columns / Part).Select(part => part * Part), parts.Select(part => part.First).Order());
        Assert.InRange(schedule.Lag, 0, parts.Length - 1);
        Assert.Equal((schedule.Lag + 1) * Part, schedule.SlotCount);
        if (!shuffled)
            Assert.Equal((0, 1), (schedule.Lag, schedule.EntryCount));
        int?[] slots = new int?[schedule.SlotCount], entries = new int?[schedule.EntryCount];
        for (int step = 0; step < parts.Length + schedule.Lag; step++)
        {
            for (int column = step * Part; column < Math.Min(columns, (step + 1) * Part); column++)
            {
                Assert.Null(slots[schedule.Slots[column]]);
                slots[schedule.Slots[column]] = column;
            }
            if (step < schedule.Lag)
                continue;
            ScheduledPart part = parts[step - schedule.Lag];
            foreach (int column in order.AsSpan(part.First, Part))
            {
                Assert.Equal(part.Group, groups[column]);
                Assert.Equal(column, slots[schedule.Slots[column]]);
                slots[schedule.Slots[column]] = null;
            }
            ScheduledPart[] earlier = parts[..(step - schedule.Lag)], later = parts[(step - schedule.Lag + 1)..];
            Assert.Equal(part.EndsUnit, earlier.Any(p => p.First == part.First - Part && part.First % Unit != 0));
            Assert.Equal(part.EndsUnit && !earlier.Any(p => p.EndsUnit && p.Group == part.Group), part.NeedsGroup);
            Assert.Equal(earlier.Any(p => p.Group == part.Group) ? part.Group : null, entries[part.Entry]);
            entries[part.Entry] = later.Any(p => p.Group == part.Group) ? part.Group : null;
        }
        // Units in the order in which they are complete: their sums are added in that order.
        int[] ends = [.. parts.Where(part => part.EndsUnit).Select(part => part.First / Unit)];
        Assert.Equal(Enumerable.Range(0, columns / Unit), ends);
        Assert.All(slots, slot => Assert.Null(slot));
    }
}
