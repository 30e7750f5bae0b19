using Tessera.Host.Compute;

namespace Tessera.Host.Tests.Compute;

public sealed class SharedBudgetTests
{
    [Fact]
    public void No_more_is_given_than_there_is()
    {
        SharedBudget budget = new(10);
        Assert.True(budget.TryReserve(6));
        Assert.False(budget.TryReserve(5));
        Assert.True(budget.TryReserve(4));
        budget.Release(6);
        Assert.False(budget.TryReserve(long.MaxValue));
        Assert.Equal((4, 10), (budget.Used, budget.Capacity));
        Assert.Throws<InvalidOperationException>(() => budget.Release(5));
    }

    [Fact]
    public void Threads_that_share_it_never_overdraw()
    {
        SharedBudget budget = new(3);
        int over = 0, inside = 0;
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 20_000; i++)
                if (budget.TryReserve(1))
                {
                    if (Interlocked.Increment(ref inside) > 3)
                        over++;
                    Interlocked.Decrement(ref inside);
                    budget.Release(1);
                }
        });
        Assert.Equal((0, 0), (over, budget.Used));
    }
}
