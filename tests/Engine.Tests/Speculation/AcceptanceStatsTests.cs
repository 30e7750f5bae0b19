using Tessera.Engine.Speculation;

namespace Tessera.Engine.Tests.Speculation;

public sealed class AcceptanceStatsTests
{
    [Fact]
    public void A_token_of_a_draft_is_as_likely_as_one_that_as_many_tokens_agree_with()
    {
        AcceptanceStats stats = new(1, 8, 0.9);
        stats.Add(0, agreed: 2, accepted: 2, rejected: true);
        Assert.Equal(stats.Chance(0, 4, 0), stats.Chance(0, 2, 2));
        Assert.True(stats.Chance(0, 3, 0) > new AcceptanceStats(1, 8, 0.9).Chance(0, 3, 0));
        Assert.True(stats.Chance(0, 4, 0) < new AcceptanceStats(1, 8, 0.9).Chance(0, 4, 0));
    }

    [Fact]
    public void Short_agreement_that_misleads_says_little_of_long()
    {
        AcceptanceStats stats = new(1, 8, 0.9);
        for (int i = 0; i < 20; i++)
            stats.Add(0, agreed: 2, accepted: 0, rejected: true);
        stats.Add(0, agreed: 30, accepted: 8, rejected: false);
        Assert.InRange(stats.Chance(0, 2, 0), 0, 0.15);
        Assert.InRange(stats.Chance(0, 30, 0), 0.9, 1);
        Assert.InRange(stats.Chance(0, 3, 0), 0.2, 0.5);
    }

    [Fact]
    public void Nothing_observed_more_agreement_is_likelier()
    {
        AcceptanceStats stats = new(1, 8, 0.9);
        double[] chances = [.. SpeculationReport.Agreements.Select(agreed => stats.Chance(0, agreed, 0))];
        Assert.Equal(chances.Order(), chances);
        Assert.InRange(chances[0], 0.3, 0.5);
        Assert.InRange(chances[^1], 0.9, 0.97);
    }

    [Fact]
    public void Unknown_agreement_goes_by_places_and_sources_are_apart()
    {
        AcceptanceStats stats = new(2, 4, 0.9);
        for (int i = 0; i < 30; i++)
            stats.Add(1, agreed: 0, accepted: 2, rejected: true);
        Assert.InRange(stats.Chance(1, 0, 1), 0.9, 1);
        Assert.InRange(stats.Chance(1, 0, 2), 0, 0.2);
        // A place that was never reached is like the one before it.
        Assert.Equal(stats.Chance(1, 0, 2), stats.Chance(1, 0, 3));
        AcceptanceStats fresh = new(2, 4, 0.9);
        Assert.Equal((fresh.Chance(1, 5, 0), fresh.Chance(0, 0, 2)), (stats.Chance(1, 5, 0), stats.Chance(0, 0, 2)));
        stats.Clear();
        Assert.Equal(fresh.Chance(1, 0, 2), stats.Chance(1, 0, 2));
    }

    [Fact]
    public void What_is_known_of_a_source_in_general_stands_for_what_a_sequence_has_not_shown()
    {
        AcceptanceStats general = new(1, 8, 0.98), own = new(1, 8, 0.85);
        for (int i = 0; i < 40; i++)
            general.Add(0, agreed: 2, accepted: 0, rejected: true);
        Assert.Equal(general.Chance(0, 2, 0), own.Chance(0, 2, 0, general));
        own.Add(0, agreed: 2, accepted: 1, rejected: false);
        Assert.InRange(own.Chance(0, 2, 0, general), 0.3, 0.5);
    }
}
