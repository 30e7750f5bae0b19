using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Tests.Fakes;

public sealed class SmallFakesTests
{
    [Fact]
    public void A_budget_refuses_what_it_does_not_have()
    {
        FixedBudget budget = new(100);
        Assert.True(budget.TryReserve(60));
        Assert.False(budget.TryReserve(41));
        Assert.True(budget.TryReserve(40));
        budget.Release(70);
        Assert.Equal((30, 1), (budget.Reserved, budget.Refused));
        Assert.Throws<InvalidOperationException>(() => budget.Release(31));
    }

    [Fact]
    public void A_registry_finds_by_id_and_refuses_doubles()
    {
        QuantizationRegistry registry = new(new F32());
        Assert.Equal("f32", registry.Find("f32")?.Id);
        Assert.Null(registry.Find("q4_0"));
        Assert.Throws<ArgumentException>(() => new QuantizationRegistry(new F32(), new F32()));
    }

    [Fact]
    public void Drafts_follow_the_script_with_wrong_places()
    {
        FixedDrafts drafts = new(3, [1, 2, 3, 4, 5, 6]) { WrongEvery = 4, WrongToken = 0 };
        Sink sink = new();
        drafts.Propose([new DraftSequence(7, new[] { 1, 2 }, 9), new DraftSequence(8, new[] { 2 }, 9), new DraftSequence(9, new[] { 1, 2, 3, 4, 5 }, 2)], sink);
        Assert.Equal([(0, "3 4 0"), (2, "6")], sink.Drafts);
        drafts.Verified(7, 3, 2);
        drafts.Verified(9, 1, 1);
        drafts.Ended(7);
        Assert.Equal((4, 3), (drafts.Proposed, drafts.Accepted));
        Assert.Empty(drafts.Problems);
        drafts.Verified(9, 2, 1);
        drafts.Ended(7);
        Assert.Equal(2, drafts.Problems.Count);
    }

    [Fact]
    public void F32_reads_rows_and_checks_lengths()
    {
        using MemoryFile file = MemoryFile.Of([1, 2, 3, 4, 5, 6]);
        WeightTensor weight = file.Tensor("w", "f32", 3, 2);
        F32 f32 = new();
        f32.Validate(weight);
        float[] rows = new float[4];
        f32.Dequantize(weight, 1, 2, rows);
        Assert.Equal([3, 4, 5, 6], rows);
        Assert.Contains("'w'", Assert.Throws<ModelFormatException>(() => f32.Validate(file.Tensor("w", "f32", 4, 2))).Message, StringComparison.Ordinal);
    }

    private sealed class Sink : IDraftSink
    {
        public List<(int, string)> Drafts { get; } = [];

        public void Add(int sequence, int source, ReadOnlySpan<int> tokens) => Drafts.Add((sequence, string.Join(' ', tokens.ToArray())));
        public void AddSampled(int sequence, int source, int token, ReadOnlySpan<DraftCandidate> distribution) =>
            Assert.Fail("A source of fixed drafts samples nothing: it has no distribution to give.");
    }
}
