using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>A batch that breaks a rule is refused by name before anything is computed.</summary>
public unsafe class BatchCheckTests
{
    [Theory]
    [InlineData("token", "row 1: expected a token from 0 to 100, found 101")]
    [InlineData("negative token", "row 1: expected a token from 0 to 100, found -1")]
    [InlineData("position", "row 1: position -1 is negative")]
    [InlineData("slot", "row 1: expected a slot from 0 to 8, found 9")]
    [InlineData("index", "row 1: expected a cache index from 0 to 511, found 512")]
    [InlineData("order", "row 1: cache index 0 of slot 0 follows 0; they must ascend")]
    [InlineData("scattered", "row 2: the rows of slot 0 do not stand together")]
    [InlineData("block", "row 0: entry 0 of slot 0's block table is 64, cache group 0 has 64 blocks")]
    [InlineData("negative block", "row 0: entry 0 of slot 0's block table is -1, cache group 0 has 64 blocks")]
    [InlineData("best", "row 1: it wants best tokens, the runtime chooses none")]
    [InlineData("rows", "expected 0 to 160 rows, found 161")]
    [InlineData("copy", "copy 0: block 0 to 64, cache group 0 has 64 blocks")]
    [InlineData("copy group", "copy 0: there is no cache group 1")]
    [InlineData("copies", "expected 0 to 160 block copies, found -1")]
    public void A_broken_rule_is_named(string rule, string message)
    {
        using RandomModel model = new(new ModelShape());
        using Session session = new(model.Graph, model.Registry);
        Batch batch = session.Batch;
        session.Add(0, [1, 2]);
        session.Add(1, [3]);
        switch (rule)
        {
            case "token": batch.Tokens[1] = 101; break;
            case "negative token": batch.Tokens[1] = -1; break;
            case "position": batch.Positions[1] = -1; break;
            case "slot": batch.Slots[1] = 9; break;
            case "index": batch.CacheIndices[1] = 512; break;
            case "order": batch.CacheIndices[1] = 0; break;
            case "scattered": batch.Slots[1] = 1; batch.Slots[2] = 0; batch.CacheIndices[2] = 7; break;
            case "block": batch.BlockTable(0, 0)[0] = 64; break;
            case "negative block": batch.BlockTable(0, 0)[0] = -1; break;
            case "best": batch.Outputs[1] |= RowOutputs.Best; batch.BestCounts[1] = 1; break;
            case "rows": batch.RowCount = 161; break;
            case "copy": batch.CopyCount = 1; batch.Copies[0] = new BlockCopy(0, 0, 64); break;
            case "copy group": batch.CopyCount = 1; batch.Copies[0] = new BlockCopy(1, 0, 1); break;
            case "copies": batch.CopyCount = -1; break;
        }
        TesseraException error = Assert.Throws<TesseraException>(() => session.Runtime.Submit(batch));
        Assert.Equal("batch: " + message, error.Message);
        Assert.Contains("cannot be used again", Assert.Throws<TesseraException>(() => session.Runtime.Submit(batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_outputs_than_there_is_room_for_are_refused()
    {
        using RandomModel model = new(new ModelShape());
        using Session session = new(model.Graph, model.Registry, Session.Limits() with { MaxOutputs = 2 });
        session.Add(0, model.Tokens(3));
        Assert.Contains("room for 2 of each", Assert.Throws<TesseraException>(() => session.Runtime.Submit(session.Batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_batch_is_a_step()
    {
        using RandomModel model = new(new ModelShape());
        using Session session = new(model.Graph, model.Registry, lanes: 2);
        Assert.Empty(session.Run());
    }
}
