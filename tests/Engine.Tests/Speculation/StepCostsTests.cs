using Tessera.Engine.Speculation;

namespace Tessera.Engine.Tests.Speculation;

public sealed class StepCostsTests
{
    [Fact]
    public void Nothing_measured_is_a_tenth_of_a_row_for_each_further_one()
    {
        StepCosts costs = new();
        Assert.False(costs.IsKnown);
        Assert.Equal(1.4, costs.Milliseconds(1, 4), 6);
    }

    [Fact]
    public void The_curve_of_one_sequence_stands_for_what_was_not_measured()
    {
        StepCosts costs = new();
        costs.SetCurve([10, 11, 12, 14, 16]);
        Assert.Equal(14, costs.Milliseconds(1, 3), 6);
        Assert.Equal(16, costs.Milliseconds(4, 1), 6);
        // Beyond its end it goes on as steeply as on the whole, in tiles of 16 rows.
        Assert.Equal((16 + 1.5 * 11, 16 + 1.5 * 27), (costs.Milliseconds(2, 8), costs.Milliseconds(16, 1)));
    }

    [Fact]
    public void A_curve_never_falls()
    {
        StepCosts costs = new();
        costs.SetCurve([10, 14, 12, 13]);
        Assert.Equal([10.0, 12, 12, 13], Enumerable.Range(0, 4).Select(k => costs.Milliseconds(1, k)));
    }

    [Fact]
    public void What_took_longer_than_more_rows_do_was_disturbed()
    {
        StepCosts costs = new();
        costs.SetCurve([10, 11, 12, 13, 14, 15]);
        costs.Add(1, 0, 10);
        for (int i = 0; i < 20; i++)
            costs.Add(1, 5, 15);
        costs.Add(1, 3, 30);
        Assert.True(costs.Milliseconds(1, 3) <= costs.Milliseconds(1, 5), $"{costs.Milliseconds(1, 3)} ms of 4 rows, {costs.Milliseconds(1, 5)} of 6");
    }

    [Fact]
    public void A_step_in_the_curve_is_taken_over_by_batches()
    {
        StepCosts costs = new();
        costs.SetCurve([.. Enumerable.Repeat(10.0, 16), .. Enumerable.Repeat(15.0, 16)]);
        for (int i = 0; i < 20; i++)
            costs.Add(16, 0, 30);
        Assert.Equal((30.0, 45.0), (Math.Round(costs.Milliseconds(16, 0), 6), Math.Round(costs.Milliseconds(16, 1), 6)));
        // Another number of sequences of the same class meets it elsewhere.
        Assert.Equal((30.0, 45.0), (Math.Round(costs.Milliseconds(14, 2), 6), Math.Round(costs.Milliseconds(14, 3), 6)));
        Assert.Equal((true, false), (costs.IsMeasured(16), costs.IsMeasured(14)));
    }

    [Fact]
    public void What_is_measured_is_believed_whatever_the_curve_said()
    {
        StepCosts costs = new();
        costs.SetCurve([10, 11, 12, 13, 14]);
        Random random = new(1);
        for (int i = 0; i < 400; i++)
        {
            int drafts = random.Next(5);
            costs.Add(1, drafts, (20 + 8 * drafts) * (0.9 + 0.2 * random.NextDouble()));
        }
        for (int k = 0; k < 5; k++)
            Assert.InRange(costs.Milliseconds(1, k), (20 + 8 * k) * 0.9, (20 + 8 * k) * 1.1);
    }

    [Fact]
    public void A_few_steps_beside_a_busy_machine_change_little()
    {
        StepCosts costs = new();
        for (int i = 0; i < 100; i++)
            costs.Add(1, 0, 10);
        for (int i = 0; i < 2; i++)
            costs.Add(1, 0, 500);
        Assert.InRange(costs.Milliseconds(1, 0), 10, 14);
    }

    [Fact]
    public void Sequences_that_grow_raise_all_of_a_batch_s_costs()
    {
        StepCosts costs = new();
        for (int i = 0; i < 50; i++)
        {
            costs.Add(1, 0, 10);
            costs.Add(1, 4, 15);
        }
        for (int i = 0; i < 400; i++)
            costs.Add(1, 4, 15 * (1 + i / 400.0));
        Assert.InRange(costs.Milliseconds(1, 4), 27, 30);
        Assert.InRange(costs.Milliseconds(1, 0), 12, 21);
    }
}
