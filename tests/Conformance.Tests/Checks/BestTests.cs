using Tessera.Conformance.Batches;
using Tessera.Conformance.Checks;

namespace Tessera.Conformance.Tests.Checks;

/// <summary>Runtimes that choose tokens are held to what they choose.</summary>
public sealed class BestTests
{
    [Fact]
    public void A_runtime_that_chooses_rightly_agrees_and_is_asked_in_every_way()
    {
        ChoosingBackend backend = new();
        CheckReport report = BackendCheck.Compare(backend, new CheckShape());
        Assert.Equal((0, 0), (report.MaxAbsolute, report.MaxRelative));
        Assert.True(backend.Asked is { Alone: > 5, Both: > 5 }, $"{backend.Asked}");
    }

    [Theory]
    [InlineData("order")]
    [InlineData("a token less")]
    [InlineData("next token")]
    [InlineData("logit")]
    public void A_wrong_choice_is_found(string mistake)
    {
        CheckReport report = BackendCheck.Compare(new ChoosingBackend(mistake), new CheckShape());
        Assert.Equal(double.PositiveInfinity, report.MaxRelative);
        Assert.Contains("best tokens: expected [", report.Worst, StringComparison.Ordinal);
    }

    [Fact]
    public void The_best_come_first_of_equals_the_lowest_and_nothing_comes_of_what_is_no_number()
    {
        BestToken[] best = new BestToken[4];
        Assert.Equal(4, BestRows.Choose([1, 3, 2, 3, float.NegativeInfinity, 0, 3], best));
        Assert.Equal([new(1, 3), new(3, 3), new(6, 3), new(2, 2)], best);
        Assert.Equal(2, BestRows.Choose([float.NegativeInfinity, -5, -4], best));
        Assert.Equal([new(2, -4), new(1, -5)], best[..2]);
        Assert.Equal(0, BestRows.Choose([1, float.NaN], best));
        Assert.Equal(0, BestRows.Choose([float.PositiveInfinity, 1], best));
        Assert.Equal(0, BestRows.Choose([float.NegativeInfinity], best));
    }
}
