using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Encoders and pools: a sequence's hidden states and vector are bitwise the same whatever runs beside it and on any number of lanes, and a batch that holds no whole sequences is refused.</summary>
public unsafe class WholeSequenceTests
{
    private const int Length = 37;

    public static TheoryData<string> Shapes => [.. CheckShapes.All.Where(s => s.Value.Headless).Select(s => s.Key)];

    [Theory, MemberData(nameof(Shapes))]
    public void Reference_path(string shape) => Check(CheckShapes.All[shape], ActivationPrecision.Float32, KvType.F32);

    [Theory, MemberData(nameof(Shapes))]
    public void Product_path(string shape) => Check(CheckShapes.All[shape], ActivationPrecision.Fast, KvType.F16);

    [Theory]
    [InlineData("q8_0")]
    [InlineData("q4_1")]
    [InlineData("f16")]
    public void Quantized_weights(string type) =>
        Check(FamilyInvarianceTests.Wide(CheckShapes.All["encoder with scores of the mean"]) with { Quantization = type }, ActivationPrecision.Fast, KvType.F16);

    [Theory]
    [InlineData("cache index 1 of slot 0", 1, 1, 0, 0, RowOutputs.None)]
    [InlineData("cache index 2 of slot 0", 0, 2, 0, 0, RowOutputs.None)]
    [InlineData("position", 0, 1, 96, 0, RowOutputs.None)]
    [InlineData("token type from 0 to 1, found 2", 0, 1, 0, 2, RowOutputs.None)]
    [InlineData("token type from 0 to 1, found -1", 0, 1, 0, -1, RowOutputs.None)]
    [InlineData("is not the last row", 0, 1, 0, 0, RowOutputs.Pooled)]
    public void A_batch_that_breaks_a_rule_is_refused(string problem, int first, int second, int position, int type, RowOutputs outputs)
    {
        using CheckModel model = new(CheckShapes.All["encoder with learned positions and token types, mean"], Quantizations.With());
        using InlineWorkTeam team = new();
        RuntimeLimits limits = Session.Limits();
        using IModelRuntime runtime = Build(model.Graph, limits, team);
        using Batch batch = new(limits, 0);
        batch.Add(1, position, first, 0, outputs, type);
        batch.Add(2, 0, second, 0, RowOutputs.Hidden);
        Assert.Contains(problem, Assert.Throws<TesseraException>(() => runtime.Submit(batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_of_a_graph_that_does_not_pool_is_refused()
    {
        using CheckModel model = new(new CheckShape(), Quantizations.With());
        using Session session = new(model.Graph, Quantizations.With());
        session.Add(0, [1], RowOutputs.Pooled);
        Assert.Contains("does not pool", Assert.Throws<TesseraException>(() => session.Runtime.Submit(session.Batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_behind_a_pool_meets_no_other()
    {
        using CheckModel model = new(CheckShapes.All["encoder with scores of the mean"], Quantizations.With());
        ModelGraph graph = model.Graph;
        GraphValue sum = new(1000, "sum", graph.Hidden.Width);
        GraphValue pool = graph.Nodes.First(n => n is PoolNode).Output;
        ModelGraph wrong = new()
        {
            Nodes = [.. graph.Nodes, new AddNode("wrong", pool, graph.Hidden, sum)],
            CacheGroups = [],
            VocabularySize = graph.VocabularySize,
            Hidden = graph.Hidden,
            Logits = null,
            Pooled = sum,
        };
        using InlineWorkTeam team = new();
        Assert.Contains("'wrong'", Assert.Throws<UnsupportedModelException>(() => Build(wrong, Session.Limits(), team)).Message, StringComparison.Ordinal);
    }

    private static IModelRuntime Build(ModelGraph graph, RuntimeLimits limits, InlineWorkTeam team) => new CpuBackend(CpuIsa.Detect()).Build(new BackendRequest
    {
        Graph = graph,
        Limits = limits,
        Team = team,
        Quantizations = Quantizations.With(),
        KvBudget = new FixedBudget(),
    });

    private static void Check(CheckShape shape, ActivationPrecision activations, KvType kv)
    {
        using CheckModel model = new(shape, Quantizations.With());
        RuntimeLimits limits = Session.Limits(activations, kv) with { BlockTokens = shape.BlockTokens };
        int[] own = [Length];
        float[][] expected = Run(model.Graph, limits, 1, own, 0);
        Difference.None(expected, Run(model.Graph, limits, 5, own, 0), "5 lanes");
        Difference.None(expected, Run(model.Graph, limits, 3, [5, 1, Length, 30, 12], 2), "among others");
        Difference.None(expected, Run(model.Graph, limits, 2, [Length, 1], 0), "first of two");
        Difference.None(expected, Run(model.Graph, limits, 2, [16, 32, Length], 2), "behind whole tiles");
    }

    // The hidden states and the vector of one of several sequences, which alone has tokens of the test's own.
    private static float[][] Run(ModelGraph graph, RuntimeLimits limits, int lanes, int[] lengths, int wanted)
    {
        using InlineWorkTeam team = new(lanes);
        using var runtime = (IPoolingRuntime)Build(graph, limits, team);
        using Batch batch = new(limits, graph.CacheGroups.Count);
        int blocks = 0;
        for (int g = 0; g < graph.CacheGroups.Count; g++)
            Assert.True(runtime.TryGrow(g, batch.BlockTableLength * lengths.Length));
        for (int slot = 0; slot < lengths.Length; slot++)
        {
            for (int g = 0; g < graph.CacheGroups.Count; g++)
                for (int i = 0; i < batch.BlockTableLength; i++)
                    batch.BlockTable(g, slot)[i] = blocks++;
            Random random = new(slot == wanted ? 7 : 100 + slot);
            for (int i = 0; i < lengths[slot]; i++)
                batch.Add(random.Next(graph.VocabularySize), i, i, slot, slot == wanted ? RowOutputs.Hidden : RowOutputs.None, random.Next(2));
            batch.Outputs[batch.RowCount - 1] |= RowOutputs.Pooled;
        }
        float[][] results = [];
        for (int repeat = 0; repeat < 2; repeat++)
        {
            runtime.Submit(batch);
            Assert.True(runtime.Wait());
            float[][] found = [.. Enumerable.Range(0, Length).Select(i => new Span<float>(runtime.Hidden(i), graph.Hidden.Width).ToArray()), new Span<float>(runtime.Pooled(wanted), graph.Pooled!.Width).ToArray()];
            if (repeat > 0)
                Difference.None(results, found, "a second time");
            results = found;
        }
        return results;
    }
}
