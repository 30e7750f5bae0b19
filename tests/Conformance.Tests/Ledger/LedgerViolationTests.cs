using Tessera.Conformance.Ledger;

namespace Tessera.Conformance.Tests.Ledger;

/// <summary>One test for each kind of mistake that an engine can make with blocks: the ledger must name it.</summary>
public sealed class LedgerViolationTests
{
    [Fact]
    public void A_slot_that_was_never_written() => Fails("was never written", b =>
    {
        b.Table(0, 4, 8);
        b.Rows(0, 4, 5);
    });

    [Fact]
    public void A_gap_in_the_prefix() => Fails("was never written", b => b.Rows(0, 7, 5));

    [Fact]
    public void Blocks_in_the_wrong_order() => Fails("holds position", b =>
    {
        b.Table(0, 1, 0);
        b.Rows(0, 6, 7);
    });

    [Fact]
    public void A_position_that_is_not_the_cache_index() => Fails("holds position 9", b => b.Batch.Add(7, 9, 6, 0, RowOutputs.Logits));

    [Fact]
    public void A_block_of_two_writers() => Fails("written by slot 0 and by slot 1", b =>
    {
        b.Table(1, 0, 1);
        b.Rows(0, 6, 7);
        b.Rows(1, 6, 8);
    });

    [Fact]
    public void A_block_of_two_writers_at_different_places() => Fails("written by slot 0 and by slot 1", b =>
    {
        b.Table(1, 0, 1);
        b.Rows(0, 6, 7);
        b.Rows(1, 7, 8);
    });

    [Fact]
    public void A_block_twice_in_one_table() => Fails("written twice by slot 1", b =>
    {
        b.Table(1, 5, 5);
        b.Rows(1, 0, 1, 2, 3, 4, 5);
    });

    [Fact]
    public void A_block_that_does_not_exist() => Fails("is block 16; there are 16 blocks", b =>
    {
        b.Table(0, 0, 16);
        b.Rows(0, 6, 7);
    });

    [Fact]
    public void A_block_that_was_shrunk_away() => Fails("is block 1; there are 1 blocks", b =>
    {
        b.Runtime.Shrink(0, 15);
        b.Rows(0, 6, 7);
    });

    [Fact]
    public void A_recycled_block_in_a_live_table() => Fails("holds position", b =>
    {
        b.Table(1, 1);
        b.Rows(1, 0, 9, 9, 9, 9);
        b.Run();
        b.Rows(0, 6, 7);
    });

    [Fact]
    public void A_copy_of_an_empty_block() => Fails("is copied and holds nothing", b =>
    {
        b.Copy(new BlockCopy(0, 9, 3));
        b.Rows(0, 6, 7);
    });

    [Fact]
    public void A_copy_that_was_forgotten() => Fails("was never written", b =>
    {
        b.Table(1, 0, 5);
        b.Rows(1, 6, 7);
    });

    [Fact]
    public void A_block_that_two_copies_write() => Fails("both write block 5", b =>
    {
        b.Copy(new BlockCopy(0, 0, 5));
        b.Copy(new BlockCopy(0, 1, 5));
    });

    [Fact]
    public void A_copy_outside_the_group() => Fails("which has 16 blocks", b => b.Copy(new BlockCopy(0, 0, 16)));

    [Fact]
    public void Rows_that_were_lost_with_an_aborted_batch() => Fails("was lost with an aborted batch", b =>
    {
        b.Backend.OnStep = batch => batch.Abort = true;
        b.Rows(0, 6, 7);
        b.Run();
        b.Backend.OnStep = null;
        b.Rows(0, 7, 8);
    });

    [Fact]
    public void A_copy_that_was_lost_with_an_aborted_batch() => Fails("was lost with an aborted batch", b =>
    {
        b.Backend.OnStep = batch => batch.Abort = true;
        b.Table(1, 0, 5);
        b.Copy(new BlockCopy(0, 1, 5));
        b.Rows(1, 6, 7);
        b.Run();
        b.Backend.OnStep = null;
        b.Rows(1, 6, 7);
    });

    [Fact]
    public void A_token_outside_the_vocabulary() => Fails("token 50 is not in 0 to 49", b => b.Rows(0, 6, 50));

    [Fact]
    public void A_slot_outside_the_batch() => Fails("slot 4 is not in 0 to 3", b => b.Rows(4, 0, 1));

    [Fact]
    public void A_cache_index_beyond_the_context() => Fails("cache index 64", b => b.Rows(0, 64, 1));

    [Fact]
    public void Rows_of_a_sequence_that_do_not_ascend() => Fails("must ascend", b =>
    {
        b.Rows(0, 7, 1);
        b.Rows(0, 6, 2);
    });

    [Fact]
    public void Rows_of_a_sequence_that_stand_apart() => Fails("do not stand together", b =>
    {
        b.Table(1, 8);
        b.Rows(0, 6, 1);
        b.Rows(1, 0, 1);
        b.Rows(0, 7, 1);
    });

    [Fact]
    public void Outputs_that_the_batch_does_not_have()
    {
        using LedgerBench bench = Prepared();
        bench.Rows(0, 6, 7);
        bench.Run();
        Assert.Throws<LedgerException>(() => bench.Logits(1));
        Assert.Contains("output 1 is read, the batch has 1", Assert.Single(bench.Backend.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void A_negative_planned_length() => Fails("slot 0 is planned for -1 tokens", b =>
    {
        b.Batch.PlannedTokens[0] = -1;
        b.Rows(0, 6, 7);
    });

    [Fact]
    public unsafe void A_planned_length_that_changed_its_rotation() => Fails("of a sequence planned for 9 tokens sees cache index 0 of group 0 as it was rotated for 0", b =>
    {
        b.Batch.PlannedTokens[0] = 9;
        b.Rows(0, 6, 7);
    }, new RopeTable(RopePairing.Halves, [1], 1) { Long = new LongRope(8, [0.5f], 1) });

    [Fact]
    public unsafe void A_shared_block_of_another_rotation() => Fails("row 0 (slot 1) of a sequence planned for 20 tokens sees cache index 0", b =>
    {
        b.Table(1, 0, 5);
        b.Copy(new BlockCopy(0, 1, 5));
        b.Batch.PlannedTokens[1] = 20;
        b.Rows(1, 6, 7);
    }, new RopeTable(RopePairing.Halves, [1], 1) { Stretch = new RopeStretch(10_000, 2, 16) });

    [Fact]
    public unsafe void Another_planned_length_of_the_same_rotation_is_no_mistake()
    {
        using LedgerBench bench = Prepared(new RopeTable(RopePairing.Halves, [1], 1) { Long = new LongRope(8, [0.5f], 1) });
        bench.Batch.PlannedTokens[0] = 8;
        bench.Rows(0, 6, 7);
        Assert.True(bench.Run());
    }

    private static LedgerBench Prepared(RopeTable? rotation = null)
    {
        LedgerBench bench = new(rotation);
        bench.Table(0, 0, 1);
        bench.Rows(0, 0, 1, 2, 3, 4, 5, 6);
        Assert.True(bench.Run());
        return bench;
    }

    private static void Fails(string expected, Action<LedgerBench> mistake, RopeTable? rotation = null)
    {
        using LedgerBench bench = Prepared(rotation);
        mistake(bench);
        Assert.Contains(expected, bench.Violation(), StringComparison.Ordinal);
    }
}
