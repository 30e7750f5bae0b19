using Tessera.Kernels.Cpu.Linear.Transposed;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>The way down scattered columns, step by step.</summary>
public class ColumnScheduleTests
{
    private const int Part = ColumnSchedule.Part, Step = ColumnSchedule.Step, Unit = ColumnSchedule.Unit;

    [Theory]
    [InlineData(32, 32, false), InlineData(512, 128, false), InlineData(512, 128, true), InlineData(4096, 128, true), InlineData(1024, 32, true), InlineData(256, 256, true), InlineData(96, 32, true), InlineData(352, 32, true)]
    public void Columns_and_groups_are_held_from_when_they_come_to_when_they_are_used(int columns, int group, bool shuffled)
    {
        int[] groups = [.. Enumerable.Range(0, columns).Select(i => i / group)];
        if (shuffled)
            new Random(columns).Shuffle(groups);
        int[] order = [.. Enumerable.Range(0, columns).OrderBy(i => groups[i])];
        ColumnSchedule schedule = new(order, groups);
        Assert.Equal(Enumerable.Range(0, columns), order.Order());
        ScheduledPart[] parts = schedule.Parts;
        int steps = (columns + Step - 1) / Step;
        Assert.Equal(Enumerable.Range(0, columns / Part).Select(part => part * Part), parts.Select(part => part.First).Order());
        Assert.InRange(schedule.Lag, 0, steps - 1);
        Assert.InRange(schedule.SlotCount, Math.Min(columns, schedule.Lag * Step + 1), Math.Min(columns, (schedule.Lag + 1) * Step));
        if (!shuffled)
            Assert.Equal((0, 1, 1), (schedule.Lag, schedule.SumCount, schedule.EntryCount));
        int?[] slots = new int?[schedule.SlotCount], sums = new int?[schedule.SumCount], entries = new int?[schedule.EntryCount];
        for (int step = 0; step < steps + schedule.Lag; step++)
        {
            for (int column = step * Step; column < Math.Min(columns, (step + 1) * Step); column++)
            {
                Assert.Null(slots[schedule.Slots[column]]);
                slots[schedule.Slots[column]] = column;
            }
            if (step < schedule.Lag)
                continue;
            for (int number = (step - schedule.Lag) * ColumnSchedule.StepParts; number < Math.Min(parts.Length, (step - schedule.Lag + 1) * ColumnSchedule.StepParts); number++)
            {
                ScheduledPart part = parts[number];
                foreach (int column in order.AsSpan(part.First, Part))
                {
                    Assert.Equal(part.Group, groups[column]);
                    Assert.Equal(column, slots[schedule.Slots[column]]);
                    slots[schedule.Slots[column]] = null;
                }
                int unit = part.First / Unit;
                ScheduledPart[] earlier = parts[..number], later = parts[(number + 1)..];
                Assert.Equal((!earlier.Any(p => p.First / Unit == unit), !later.Any(p => p.First / Unit == unit)), (part.StartsUnit, part.EndsUnit));
                Assert.Equal(part.StartsUnit ? null : unit, sums[part.Sums]);
                sums[part.Sums] = part.EndsUnit ? null : unit;
                ScheduledPart[] before = [.. earlier.Where(p => p.EndsUnit && p.Group == part.Group)];
                Assert.Equal(part.EndsUnit && before.Length == 0, part.NeedsGroup);
                if (!part.EndsUnit)
                    continue;
                Assert.Equal(part.NeedsGroup ? null : part.Group, entries[part.Entry]);
                entries[part.Entry] = later.Any(p => p.Group == part.Group) ? part.Group : null;
            }
        }
        // Units in the order in which they are complete: their sums are added in that order.
        int[] ends = [.. parts.Where(part => part.EndsUnit).Select(part => part.First / Unit)];
        Assert.Equal(Enumerable.Range(0, columns / Unit), ends);
        Assert.All(slots, slot => Assert.Null(slot));
    }
}
