using Tessera.Conformance.Ledger;

namespace Tessera.Conformance.Tests.Ledger;

public sealed class LedgerModelTests
{
    [Fact]
    public void Every_token_and_its_place_matter()
    {
        LedgerModel model = new(100);
        Assert.Equal(model.Expected([1, 2, 3]), model.Expected([1, 2, 3]));
        Assert.NotEqual(model.Expected([1, 2, 3]), model.Expected([2, 1, 3]));
        Assert.NotEqual(model.Expected([1, 2, 3]), model.Expected([1, 2, 4]));
        Assert.NotEqual(model.Expected([1, 2, 3]), model.Expected([1, 2]));
    }

    [Fact]
    public void A_window_forgets_what_lies_before_it()
    {
        LedgerModel window = new(100, [2]), both = new(100, [0, 2]);
        Assert.Equal(window.Expected([1, 2, 3]), window.Expected([9, 2, 3]));
        Assert.NotEqual(window.Expected([1, 2, 3]), window.Expected([1, 9, 3]));
        Assert.NotEqual(both.Expected([1, 2, 3]), both.Expected([9, 2, 3]));
    }

    [Fact]
    public void Greedy_picks_vary_and_are_never_suppressed_tokens()
    {
        LedgerModel model = new(100, suppressed: [.. Enumerable.Range(50, 50)]);
        int[] picks = model.Greedy([1], 200);
        Assert.Equal(200, picks.Length);
        Assert.All(picks, t => Assert.InRange(t, 0, 49));
        Assert.True(picks.Distinct().Count() > 40);
    }

    [Fact]
    public void Greedy_stops_after_an_end_token()
    {
        LedgerModel model = new(20);
        int[] all = model.Greedy([1], 50);
        int[] cut = model.Greedy([1], 50, [all[5]]);
        Assert.Equal(all.Take(Array.IndexOf(all, all[5]) + 1), cut);
    }

    [Fact]
    public void Logits_lie_between_minus_4_and_4_and_spread()
    {
        float[] logits = new LedgerModel(10_000).Expected([7]);
        Assert.All(logits, l => Assert.InRange(l, -4f, 4f));
        Assert.InRange(logits.Average(), -0.1f, 0.1f);
        Assert.True(logits.Distinct().Count() > 9_900);
    }
}
