using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Cache;

namespace Tessera.Kernels.Cpu.Tests.Cache;

public unsafe class CacheBlocksTests
{
    private static readonly CacheGroup Group = new("full", CacheKind.Full, 0, [new CacheSpec("blk.0", 2, 12, 20), new CacheSpec("blk.1", 1, 8, 8)]);

    private static RuntimeLimits Limits => Models.Session.Limits() with { KvType = KvType.F16 };

    [Fact]
    public void A_block_holds_every_head_of_every_cache_once()
    {
        using CacheBlocks blocks = new(Group, Limits, new FixedBudget());
        // Keys of 12 and values of 20, padded to 24, for 16 tokens of 2 heads at 2 bytes; then 8 + 8 of one head.
        Assert.Equal(2 * 16 * (12 + 24) * 2 + 16 * 16 * 2, blocks.BlockBytes);
        Assert.Equal(2304, blocks.Layouts[1].Offset);
    }

    [Theory]
    [InlineData(KvType.F32, 2 * 16 * (12 + 24) * 4 + 16 * 16 * 4)]
    [InlineData(KvType.BF16, 2 * 16 * (12 + 24) * 2 + 16 * 16 * 2)]
    // A scale of two bytes for a key or value of up to 32 elements; the second cache begins at a multiple of 64.
    [InlineData(KvType.Q8, 1280 + 16 * (8 + 8 + 2 + 2))]
    public void A_block_is_as_large_as_its_elements_need(KvType type, long bytes)
    {
        using CacheBlocks blocks = new(Group, Limits with { KvType = type }, new FixedBudget());
        Assert.Equal((bytes + 63) / 64 * 64, blocks.BlockBytes);
    }

    [Fact]
    public void A_type_that_is_not_there_is_refused_with_those_that_are()
    {
        UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => new CacheBlocks(Group, Limits with { KvType = (KvType)99 }, new FixedBudget()));
        Assert.Contains("99", e.Message, StringComparison.Ordinal);
        Assert.Contains("q8_0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Growing_takes_from_the_budget_and_shrinking_gives_back()
    {
        using CacheBlocks probe = new(Group, Limits, new FixedBudget());
        FixedBudget budget = new(10 * probe.BlockBytes);
        CacheBlocks blocks = new(Group, Limits, budget);
        Assert.True(blocks.TryGrow(6));
        Assert.False(blocks.TryGrow(5));
        Assert.Equal((6, 6 * blocks.BlockBytes), (blocks.Count, budget.Reserved));
        Assert.True(blocks.TryGrow(4));
        blocks.Shrink(7);
        Assert.Equal((3, 3 * blocks.BlockBytes), (blocks.Count, budget.Reserved));
        Assert.Throws<TesseraException>(() => blocks.Shrink(4));
        blocks.Dispose();
        Assert.Equal(0, budget.Reserved);
    }

    [Fact]
    public void Shrinking_within_a_slab_keeps_what_the_others_hold()
    {
        using CacheBlocks blocks = new(Group, Limits, new FixedBudget());
        Assert.True(blocks.TryGrow(5) && blocks.TryGrow(5));
        for (int i = 0; i < 10; i++)
            new Span<byte>(blocks.Addresses[i], (int)blocks.BlockBytes).Fill((byte)(i + 1));
        blocks.Shrink(7);
        Assert.True(blocks.TryGrow(90));
        for (int i = 0; i < 3; i++)
            Assert.False(new Span<byte>(blocks.Addresses[i], (int)blocks.BlockBytes).ContainsAnyExcept((byte)(i + 1)));
        HashSet<nint> addresses = [.. Enumerable.Range(0, 93).Select(i => (nint)blocks.Addresses[i])];
        Assert.Equal(93, addresses.Count);
        Assert.All(addresses, a => Assert.Equal(0, a % 64));
    }

    [Fact]
    public void Slices_of_a_copy_are_the_block()
    {
        using CacheBlocks blocks = new(Group, Limits, new FixedBudget());
        Assert.True(blocks.TryGrow(2));
        new Random(1).NextBytes(new Span<byte>(blocks.Addresses[0], (int)blocks.BlockBytes));
        for (int part = 0; part < 7; part++)
            blocks.Copy(0, 1, part, 7);
        Assert.True(new Span<byte>(blocks.Addresses[0], (int)blocks.BlockBytes).SequenceEqual(new Span<byte>(blocks.Addresses[1], (int)blocks.BlockBytes)));
    }

    [Fact]
    public void A_count_that_overflows_is_refused_before_the_budget_is_asked()
    {
        FixedBudget budget = new();
        using CacheBlocks blocks = new(Group, Limits, budget);
        Assert.True(blocks.TryGrow(1));
        Assert.False(blocks.TryGrow(int.MaxValue));
        Assert.Equal(blocks.BlockBytes, budget.Reserved);
    }
}
