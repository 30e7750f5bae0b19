namespace Tessera.Conformance.Tests.Ledger;

public sealed class LedgerRuntimeTests
{
    [Fact]
    public void A_chunked_prefill_then_decode_gives_the_expected_logits()
    {
        using LedgerBench bench = new();
        bench.Table(2, 9, 3, 7);
        bench.Rows(2, 0, 1, 2, 3);
        Assert.True(bench.Run());
        bench.Rows(2, 3, 4, 5, 6, 7);
        Assert.True(bench.Run());
        bench.Rows(2, 7, 8);
        bench.Rows(2, 8, 9);
        Assert.True(bench.Run());
        Assert.Equal(bench.Model.Expected([1, 2, 3, 4, 5, 6, 7, 8]), bench.Logits(0));
        Assert.Equal(bench.Model.Expected([1, 2, 3, 4, 5, 6, 7, 8, 9]), bench.Logits(1));
        Assert.Empty(bench.Backend.Violations);
        Assert.Equal((3, 9, 9), (bench.Runtime.Steps, bench.Runtime.Rows, bench.Runtime.LogitRows));
    }

    [Fact]
    public void Two_sequences_that_share_a_full_block_see_their_own_prefixes()
    {
        using LedgerBench bench = new();
        bench.Table(0, 0, 1);
        bench.Rows(0, 0, 1, 2, 3, 4, 5);
        bench.Run();
        bench.Table(1, 0, 2);
        bench.Rows(1, 4, 8);
        bench.Rows(0, 5, 6);
        Assert.True(bench.Run());
        Assert.Equal(bench.Model.Expected([1, 2, 3, 4, 8]), bench.Logits(0));
        Assert.Equal(bench.Model.Expected([1, 2, 3, 4, 5, 6]), bench.Logits(1));
    }

    [Fact]
    public void A_fork_with_a_block_copy_leaves_both_prefixes_whole()
    {
        using LedgerBench bench = new();
        bench.Table(0, 0, 1);
        bench.Rows(0, 0, 1, 2, 3, 4, 5);
        bench.Run();
        bench.Table(1, 0, 5);
        bench.Copy(new BlockCopy(0, 1, 5));
        bench.Rows(0, 5, 6);
        bench.Rows(1, 5, 7);
        Assert.True(bench.Run());
        Assert.Equal(bench.Model.Expected([1, 2, 3, 4, 5, 6]), bench.Logits(0));
        Assert.Equal(bench.Model.Expected([1, 2, 3, 4, 5, 7]), bench.Logits(1));
        Assert.Equal(1, bench.Runtime.Copies);
    }

    [Fact]
    public void Rejected_drafts_may_be_overwritten()
    {
        using LedgerBench bench = new();
        bench.Table(0, 0, 1);
        bench.Rows(0, 0, 1, 2, 3, 4, 5);
        bench.Run();
        bench.Rows(0, 2, 9);
        bench.Run();
        Assert.Equal(bench.Model.Expected([1, 2, 9]), bench.Logits(0));
    }

    [Fact]
    public void Window_groups_see_the_last_entries_only_and_need_no_older_block()
    {
        using LedgerBench bench = new(0, 3);
        bench.Table(0, 0, 1, 2);
        bench.Rows(0, 0, 1, 2, 3, 4, 5, 6);
        bench.Run();
        bench.GroupTable(1, 0, -1, 1, 2);
        bench.Rows(0, 6, 7);
        Assert.True(bench.Run());
        Assert.Equal(bench.Model.Expected([1, 2, 3, 4, 5, 6, 7]), bench.Logits(0));
        bench.GroupTable(1, 0, 0, -1, 2);
        bench.Rows(0, 7, 8);
        Assert.Contains("is block -1", bench.Violation(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_of_another_sequence_in_the_prefix_changes_the_logits()
    {
        using LedgerBench bench = new();
        bench.Table(0, 0, 1);
        bench.Table(1, 2, 3);
        bench.Rows(0, 0, 1, 2, 3, 4);
        bench.Rows(1, 0, 1, 2, 9, 4);
        bench.Run();
        bench.Table(0, 2, 1);
        bench.Rows(0, 4, 5);
        Assert.True(bench.Run());
        Assert.NotEqual(bench.Model.Expected([1, 2, 3, 4, 5]), bench.Logits(0));
    }

    [Fact]
    public void A_poisoned_sequence_gets_NaN_and_its_neighbour_does_not()
    {
        using LedgerBench bench = new();
        bench.Backend.NanToken = 13;
        bench.Table(0, 0);
        bench.Table(1, 1);
        bench.Rows(0, 0, 13, 1);
        bench.Rows(1, 0, 1, 2);
        Assert.True(bench.Run());
        Assert.All(bench.Logits(1), l => Assert.True(float.IsNaN(l)));
        Assert.Equal(bench.Model.Expected([1, 2]), bench.Logits(3));
    }

    [Fact]
    public void The_asked_for_step_throws_once_and_the_runtime_is_faulted()
    {
        using LedgerBench bench = new();
        bench.Backend.ThrowAtStep = 2;
        bench.Table(0, 0);
        bench.Rows(0, 0, 1);
        Assert.True(bench.Run());
        bench.Rows(0, 1, 2);
        Assert.Throws<Conformance.Ledger.LedgerException>(() => bench.Run());
        Assert.Empty(bench.Backend.Violations);
        bench.Batch.Clear();
        bench.Rows(0, 1, 2);
        Assert.Contains("after it threw", bench.Violation(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_aborted_batch_loses_what_it_wrote_and_can_be_repeated()
    {
        using LedgerBench bench = new();
        bench.Table(0, 0);
        bench.Rows(0, 0, 1, 2);
        bench.Run();
        bench.Backend.OnStep = batch => batch.Abort = true;
        bench.Rows(0, 2, 3);
        Assert.False(bench.Run());
        bench.Backend.OnStep = null;
        bench.Rows(0, 2, 3);
        Assert.True(bench.Run());
        Assert.Equal(bench.Model.Expected([1, 2, 3]), bench.Logits(0));
        Assert.Equal(1, bench.Runtime.Aborted);
    }

    [Fact]
    public void Blocks_are_taken_from_the_budget_and_given_back()
    {
        LedgerBench bench = new();
        long bytes = bench.Runtime.BlockBytes(0);
        Assert.Equal(16 * bytes, bench.Budget.Reserved);
        bench.Budget.Limit = 20 * bytes;
        Assert.False(bench.Runtime.TryGrow(0, 5));
        Assert.True(bench.Runtime.TryGrow(0, 4));
        bench.Runtime.Shrink(0, 19);
        Assert.Equal(1, bench.Runtime.BlockCount(0));
        Assert.Equal(bytes, bench.Budget.Reserved);
        bench.Dispose();
        Assert.Equal(0, bench.Budget.Reserved);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using LedgerBench bench = new(0, 3);
        bench.Table(0, 0, 1, 2, 3);
        bench.Rows(0, 0, 1, 2, 3);
        bench.Run();
        bench.Rows(0, 3, 4);
        bench.Run();
        bench.Rows(0, 4, 5);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bench.Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
