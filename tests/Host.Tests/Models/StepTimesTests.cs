using Tessera.Engine.Scheduling;
using Tessera.Host.Models;

namespace Tessera.Host.Tests.Models;

/// <summary>When a composition counts as slower than the one before it.</summary>
public sealed class StepTimesTests
{
    [Fact]
    public void The_last_steps_count_and_not_those_of_other_sizes_before()
    {
        StepTimes before = Times((40, 1, 4), (40, 8, 10)), now = Times((40, 1, 4), (40, 8, 50));
        Assert.Equal(5, Slowdown(now, before));
        Add(now, 20, 1, 4);
        Assert.Equal(1, Slowdown(now, before));
    }

    [Fact]
    public void A_few_slow_steps_and_small_differences_count_for_nothing()
    {
        StepTimes before = Times((40, 4, 1));
        Assert.Equal(1, Slowdown(Times((40, 4, 2.9)), before));
        Assert.Equal(1, Slowdown(Times((20, 4, 1), (12, 4, 100)), before));
        Assert.Equal(4, Slowdown(Times((40, 4, 4)), before));
    }

    [Fact]
    public void Sizes_that_were_not_seen_are_guessed_in_favour_of_the_new_one()
    {
        Assert.Equal(3, Slowdown(Times((40, 2, 30)), Times((40, 8, 10))));
        Assert.Equal(1, Slowdown(Times((40, 8, 40)), Times((40, 2, 10))));
        Assert.Equal(2, Slowdown(Times((40, 8, 80)), Times((40, 2, 10))));
    }

    [Fact]
    public void Too_few_steps_say_nothing()
    {
        Assert.Null(Slowdown(Times((15, 4, 100)), Times((40, 4, 1))));
        Assert.Null(Slowdown(Times((40, 4, 100)), Times((15, 4, 1))));
        Assert.Equal(100, Slowdown(Times((16, 4, 100)), Times((16, 4, 1))));
    }

    [Fact]
    public void No_step_counts_twice()
    {
        StepTimes before = Times((40, 4, 1)), now = Times((40, 4, 100));
        long seen = 0;
        Assert.Equal(100, now.SlowdownOver(before, 2, ref seen));
        Assert.Null(now.SlowdownOver(before, 2, ref seen));
        Add(now, 15, 4, 1);
        Assert.Null(now.SlowdownOver(before, 2, ref seen));
        Add(now, 1, 4, 1);
        Assert.Equal(1, now.SlowdownOver(before, 2, ref seen));
    }

    [Fact]
    public void Steps_that_read_a_prompt_are_not_compared()
    {
        StepTimes now = new(null);
        for (int i = 0; i < 40; i++)
            now.Step(new StepRecord { PrefillRows = 9, DecodeRows = 4, Elapsed = TimeSpan.FromMilliseconds(100) });
        Assert.Null(Slowdown(now, Times((40, 4, 1))));
    }

    private static double? Slowdown(StepTimes now, StepTimes before)
    {
        long seen = 0;
        return now.SlowdownOver(before, least: 2, ref seen);
    }

    private static StepTimes Times(params (int Count, int Rows, double Milliseconds)[] steps)
    {
        StepTimes times = new(null);
        foreach ((int count, int rows, double milliseconds) in steps)
            Add(times, count, rows, milliseconds);
        return times;
    }

    private static void Add(StepTimes times, int count, int rows, double milliseconds)
    {
        for (int i = 0; i < count; i++)
            times.Step(new StepRecord { DecodeRows = rows, Elapsed = TimeSpan.FromMilliseconds(milliseconds) });
    }
}
