namespace Tessera.Conformance.Tests.Interpreter;

/// <summary>The interpreter's paged attention against closed forms. Token t has the key ln(t) (times a query of 1: weight t) and the value t.</summary>
public sealed class AttentionTests
{
    private static readonly float[] Keys = [0, 0, MathF.Log(2), MathF.Log(3), MathF.Log(4), MathF.Log(5)];
    private static readonly float[] Values = [0, 1, 2, 3, 4, 5];
    // Head 0 weighs all entries alike (query 0), head 1 by the token's number (query 1).
    private static readonly float[] Queries = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1];

    [Fact]
    public void Heads_weigh_all_entries_up_to_their_own()
    {
        using AttentionBench bench = new(Queries, Keys, Values);
        Near((2, 14f / 6), bench.Run(0, 0, 1, 2, 3)); // (1·1 + 2·2 + 3·3) / (1 + 2 + 3)
        Near((2.5f, 30f / 10), bench.Run(0, 3, 4));
        Near((3, 55f / 15), bench.Run(0, 4, 5)); // the second block
    }

    [Fact]
    public void A_chunked_prefill_is_the_same_as_a_whole_one()
    {
        using AttentionBench bench = new(Queries, Keys, Values);
        (float, float) whole = bench.Run(0, 0, 3, 1, 4, 1, 5, 2);
        bench.Table(1, 2, 4);
        bench.Run(1, 0, 3, 1);
        bench.Run(1, 2, 4, 1, 5);
        Assert.Equal(whole, bench.Run(1, 5, 2));
    }

    [Fact]
    public void A_window_hides_what_lies_before_it()
    {
        using AttentionBench bench = new(Queries, Keys, Values, window: 2);
        Near((2.5f, 13f / 5), bench.Run(0, 0, 1, 2, 3)); // sees 2 and 3
        Near((3.5f, 25f / 7), bench.Run(0, 3, 4));
        Near((4.5f, 41f / 9), bench.Run(0, 4, 5)); // one of each block
        bench.Table(0, -1, 1);
        Near((4.5f, 41f / 9), bench.Run(0, 5, 4)); // the first block is gone
    }

    [Fact]
    public void Copies_are_made_in_order_before_the_batch()
    {
        using AttentionBench bench = new(Queries, Keys, Values);
        bench.Run(0, 0, 1, 2); // block 5
        bench.Copy(5, 2);
        bench.Copy(2, 4);
        bench.Table(1, 4);
        Near((2, 14f / 6), bench.Run(1, 2, 3));
        Near((7f / 3, 21f / 7), bench.Run(0, 2, 4)); // the source is as it was
    }

    [Fact]
    public void Sequences_of_one_batch_do_not_see_each_other()
    {
        using AttentionBench bench = new(Queries, Keys, Values);
        bench.Table(1, 2);
        bench.Batch.Add(5, 0, 0, 1, RowOutputs.None);
        Near((1.5f, 5f / 3), bench.Run(0, 0, 1, 2));
    }

    [Fact]
    public void A_slot_that_was_never_written_shows_as_NaN()
    {
        using AttentionBench bench = new(Queries, Keys, Values);
        Assert.True(float.IsNaN(bench.Run(0, 1, 2).Head0));
    }

    private static void Near((float, float) expected, (float Head0, float Head1) found)
    {
        Assert.Equal(expected.Item1, found.Head0, 1e-6f);
        Assert.Equal(expected.Item2, found.Head1, 1e-6f);
    }
}
