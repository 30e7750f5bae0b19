using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Interpreter;

public sealed class ReferenceRuntimeTests
{
    [Theory]
    [InlineData(8, 0, 0, "token 8")]
    [InlineData(-1, 0, 0, "token -1")]
    [InlineData(1, 16, 0, "cache index 16")]
    [InlineData(1, 0, 2, "slot 2")]
    public void A_row_out_of_range_is_refused_and_faults_the_runtime(int token, int cacheIndex, int slot, string expected)
    {
        using AttentionBench bench = new([], [], []);
        bench.Batch.Add(token, 0, cacheIndex, slot, RowOutputs.None);
        Assert.Contains(expected, Assert.Throws<TesseraException>(() => bench.Runtime.Submit(bench.Batch)).Message, StringComparison.Ordinal);
        bench.Batch.Clear();
        Assert.Contains("after it threw", Assert.Throws<TesseraException>(() => bench.Runtime.Submit(bench.Batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_outputs_than_planned_are_refused()
    {
        using AttentionBench bench = new([], [], []);
        for (int i = 0; i < 9; i++)
            bench.Batch.Add(1, i, i, 0, RowOutputs.Logits);
        Assert.Contains("9 rows want logits", Assert.Throws<TesseraException>(() => bench.Runtime.Submit(bench.Batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_aborted_batch_has_no_outputs()
    {
        using AttentionBench bench = new([], [], []);
        bench.Batch.Add(1, 0, 0, 0, RowOutputs.Hidden);
        bench.Batch.Abort = true;
        bench.Runtime.Submit(bench.Batch);
        Assert.False(bench.Runtime.Wait());
        Assert.Throws<TesseraException>(() => Hidden(bench));
        bench.Batch.Clear();
        bench.Run(0, 0, 1);
    }

    [Fact]
    public void Blocks_are_taken_from_the_budget_and_given_back()
    {
        AttentionBench bench = new([], [], []);
        Assert.Equal(4 * 2 * sizeof(double), bench.Runtime.BlockBytes(0));
        Assert.Equal(6 * 64, bench.Budget.Reserved);
        bench.Budget.Limit = 7 * 64;
        Assert.False(bench.Runtime.TryGrow(0, 2));
        bench.Runtime.Shrink(0, 5);
        Assert.Equal(64, bench.Budget.Reserved);
        Assert.Throws<TesseraException>(() => bench.Runtime.Shrink(0, 2));
        bench.Dispose();
        Assert.Equal(0, bench.Budget.Reserved);
    }

    [Fact]
    public void A_quantization_that_nobody_provides_is_named()
    {
        using MemoryFile file = MemoryFile.Of([1, 2]);
        UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => Build(new EmbedNode("e", new GraphValue(0, "x", 1), file.Tensor("weird", "q99", 2, 1))));
        Assert.Contains("'weird'", e.Message, StringComparison.Ordinal);
        Assert.Contains("'q99'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_of_the_wrong_shape_is_named()
    {
        using MemoryFile file = MemoryFile.Of([1, 2, 3]);
        TesseraException e = Assert.Throws<TesseraException>(() => Build(new EmbedNode("e", new GraphValue(0, "x", 1), file.Tensor("w", "f32", 3, 1))));
        Assert.Contains("node 'e': tensor 'w' is [3, 1], expected [2, 1]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_operation_that_it_does_not_know_is_named()
    {
        UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => Build(new StrangeNode("odd", new GraphValue(0, "x", 1))));
        Assert.Contains("node 'odd': operation 'strange' revision 3", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_that_nothing_made_is_named()
    {
        GraphValue x = new(0, "x", 1);
        TesseraException e = Assert.Throws<TesseraException>(() => Build(new AddNode("sum", x, x, new GraphValue(1, "y", 1))));
        Assert.Contains("node 'sum': input 'x'", e.Message, StringComparison.Ordinal);
    }

    private static void Build(GraphNode node)
    {
        ModelGraph graph = new() { Nodes = [node], CacheGroups = [], VocabularySize = 2, Hidden = node.Output, Logits = null };
        RuntimeLimits limits = new() { MaxRows = 1, MaxOutputs = 1, MaxSequences = 1, MaxContext = 1 };
        using InlineWorkTeam team = new();
        new ReferenceBackend().Build(new BackendRequest { Graph = graph, Limits = limits, Team = team, Quantizations = new QuantizationRegistry(new F32()), KvBudget = new FixedBudget() }).Dispose();
    }

    private static unsafe float Hidden(AttentionBench bench) => *bench.Runtime.Hidden(0);

    private sealed record StrangeNode(string Name, GraphValue Output) : GraphNode(Name, Output)
    {
        public override string Operation => "strange";
        public override int Revision => 3;
        public override IReadOnlyList<GraphValue> Inputs => [];
    }
}
