using Tessera.Conformance.Checks;
using Tessera.Conformance.Interpreter;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Contexts of several spans: the sums are those of one softmax over all, and the same bits whether lanes share the spans or not.</summary>
public class AttentionSpanTests
{
    private const int Tokens = 1100, Single = 12;

    private static readonly Dictionary<string, CheckShape> Shapes = new()
    {
        ["one key head"] = new() { Heads = 4, KeyHeads = 1 },
        ["a window that begins a span, sinks"] = CheckShapes.All["sinks, clamped gate"] with { Window = 579, KeyHeads = 1, Heads = 3 },
        ["a window over two spans, sinks"] = CheckShapes.All["sinks, clamped gate"] with { Window = 700, KeyHeads = 1, Heads = 3 },
        ["soft caps, blocks of 8"] = CheckShapes.All["soft caps"] with { Window = 0, BlockTokens = 8, KeyHeads = 2, Heads = 2 },
        ["heads of two tasks"] = new() { Heads = 40, KeyHeads = 1, HeadLength = 8, Layers = 1 },
    };

    public static TheoryData<string, KvType> Paths => [.. from shape in Shapes.Keys from kv in new[] { KvType.F32, KvType.F16, KvType.Q8 } select (shape, kv)];

    [Theory, MemberData(nameof(Paths))]
    public void Lanes_and_chunks_do_not_matter(string name, KvType kv)
    {
        using CheckModel model = new(Shapes[name], Quantizations.With());
        RuntimeLimits limits = Limits(Shapes[name], kv);
        int[] tokens = Random(model);
        using Session alone = new(model.Graph, Quantizations.With(), limits, blocks: Blocks(limits));
        float[][] expected = alone.Feed(0, tokens, limits.MaxRows)[^Single..];
        foreach (int lanes in (int[])[1, 2, 7])
        {
            using Session session = new(model.Graph, Quantizations.With(), limits, lanes, blocks: Blocks(limits));
            // One row at a time, and several as drafts are verified.
            foreach ((int slot, int rows) in (ReadOnlySpan<(int, int)>)[(0, 1), (1, 5)])
            {
                session.Feed(slot, tokens.AsSpan(0, Tokens - Single), 33);
                Difference.None(expected, session.Feed(slot, tokens.AsSpan(Tokens - Single), rows), $"{lanes} lanes, {rows} rows");
            }
        }
    }

    [Theory]
    [InlineData("one key head")]
    [InlineData("a window over two spans, sinks")]
    [InlineData("soft caps, blocks of 8")]
    public void The_sums_are_those_of_one_softmax(string name)
    {
        using CheckModel model = new(Shapes[name], Quantizations.With());
        RuntimeLimits limits = Limits(Shapes[name], KvType.F32);
        int[] tokens = Random(model);
        using Session reference = new(model.Graph, Quantizations.With(), limits, backend: new ReferenceBackend(), blocks: Blocks(limits));
        using Session cpu = new(model.Graph, Quantizations.With(), limits, lanes: 4, blocks: Blocks(limits));
        float[][] expected = reference.Feed(0, tokens, limits.MaxRows)[^Single..];
        cpu.Feed(0, tokens.AsSpan(0, Tokens - Single), limits.MaxRows);
        (double largest, _) = Difference.Relative(expected, cpu.Feed(0, tokens.AsSpan(Tokens - Single), 1));
        Assert.True(largest <= 2e-5, $"largest difference {largest:E2} of the logits");
    }

    [Fact]
    public void Lanes_share_a_long_context_and_not_a_short_one()
    {
        using CheckModel model = new(Shapes["one key head"], Quantizations.With());
        RuntimeLimits limits = Limits(Shapes["one key head"], KvType.F16);
        using CountingTeam team = new(4);
        using Session session = new(model.Graph, Quantizations.With(), limits, blocks: Blocks(limits), team: team);
        int[] tokens = Random(model);
        session.Feed(0, tokens.AsSpan(0, 400), limits.MaxRows);
        int few = team.Barriers(() => session.Feed(0, tokens.AsSpan(400, 1), 1));
        session.Feed(0, tokens.AsSpan(401, 200), limits.MaxRows);
        int many = team.Barriers(() => session.Feed(0, tokens.AsSpan(601, 1), 1));
        // Each layer has one before the spans and one behind them.
        Assert.Equal(2 * Shapes["one key head"].Layers, many - few);
        few = team.Barriers(() => session.Feed(1, tokens.AsSpan(0, 5), 5));
        many = team.Barriers(() => session.Feed(0, tokens.AsSpan(602, 5), 5));
        // That before the spans is there for several rows in any case.
        Assert.Equal(Shapes["one key head"].Layers, many - few);
    }

    private static RuntimeLimits Limits(CheckShape shape, KvType kv) =>
        Session.Limits(kv == KvType.F32 ? ActivationPrecision.Float32 : ActivationPrecision.Fast, kv) with { MaxContext = 2048, BlockTokens = shape.BlockTokens };

    private static int Blocks(RuntimeLimits limits) => 2 * limits.MaxContext / limits.BlockTokens;

    private static int[] Random(CheckModel model)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, Tokens).Select(_ => random.Next(model.Graph.VocabularySize))];
    }
}
