using System.Globalization;
using System.Text.RegularExpressions;
using Tessera.Conformance.Checks;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Attention of rows that stand by features gives bitwise what it gives of rows: every operation of the families, every kind of cache and instruction set, sequences that share panels, and contexts of several spans.</summary>
public partial class PanelAttentionTests
{
    public static TheoryData<string, KvType> Families => new MatrixTheoryData<string, KvType>([.. CheckShapes.All.Where(s => !s.Value.Headless && s.Value.Width % 32 == 0).Select(s => s.Key)], [KvType.F16, KvType.BF16, KvType.Q8, KvType.F32]);

    public static TheoryData<string, string> Sets => new MatrixTheoryData<string, string>(["plain", "sinks, clamped gate", "own head norms"], [.. Isas.All.Keys]);

    public static TheoryData<int, int, int> Heads => new()
    {
        { 32, 6, 3 }, { 96, 3, 1 }, { 128, 5, 1 }, { 160, 2, 2 }, { 256, 9, 1 }, { 64, 34, 2 }, { 6, 16, 16 },
    };

    [Theory, MemberData(nameof(Families))]
    public void Every_operation(string shape, KvType kv) => Same(Wide(shape), kv, CpuIsa.Detect());

    [Theory, MemberData(nameof(Sets))]
    public void Every_instruction_set(string shape, string isa) => Same(Wide(shape), KvType.F16, Isas.All[isa]);

    /// <summary>Several heads of queries for each key head, more than walk together, and more than a task has.</summary>
    [Theory, MemberData(nameof(Heads))]
    public void Every_number_and_length_of_heads(int length, int heads, int keyHeads) =>
        Array.ForEach([KvType.F16, KvType.Q8], kv => Same(new CheckShape { Quantization = "q8_0", HeadLength = length, Heads = heads, KeyHeads = keyHeads, Layers = 1, BlockTokens = 24 }, kv, CpuIsa.Detect()));

    [Theory]
    [InlineData(0, false)]
    [InlineData(579, true)]
    [InlineData(700, true)]
    [InlineData(520, false)]
    public void Contexts_of_several_spans(int window, bool sinks)
    {
        CheckShape shape = new() { Quantization = "q8_0", Window = window, Sinks = sinks, HeadLength = 32, Heads = 3, KeyHeads = 1, AttentionSoftCap = sinks ? 0 : 3 };
        Both(shape, KvType.F16, CpuIsa.Detect(), (session, model) =>
        {
            // Panels that begin anywhere in a tile.
            float[][] first = session.Feed(0, Tokens(model, 45, 1), 45);
            return [.. first, .. session.Feed(0, Tokens(model, 1100, 2), 160)];
        });
    }

    [Fact]
    public void Encoders()
    {
        foreach (string name in CheckShapes.All.Where(s => s.Value.Headless).Select(s => s.Key))
            Both(Wide(name), KvType.F32, CpuIsa.Detect(), Vectors);
    }

    private static unsafe float[][] Vectors(Session session, CheckModel model)
    {
        foreach ((int slot, int count) in (ReadOnlySpan<(int, int)>)[(0, 41), (2, 3), (1, 70), (3, 22)])
        {
            session.Add(slot, Tokens(model, count - 1, slot), RowOutputs.Hidden);
            session.Add(slot, Tokens(model, 1, slot), RowOutputs.Hidden | RowOutputs.Pooled);
        }
        int rows = session.Batch.RowCount, width = model.Graph.Hidden.Width;
        session.Run();
        return [.. Enumerable.Range(0, rows).Select(i => new Span<float>(session.Runtime.Hidden(i), width).ToArray())];
    }

    private static void Same(CheckShape shape, KvType kv, CpuIsa isa) => Both(shape, kv, isa, (session, model) =>
    {
        List<float[]> logits = [.. session.Feed(0, Tokens(model, 90, 1), 90)];
        // Sequences of several lengths in a panel, some of whose caches have begun.
        foreach ((int first, int second, int third) in (ReadOnlySpan<(int, int, int)>)[(37, 50, 5), (1, 13, 80), (15, 2, 16), (1, 1, 1), (30, 1, 40)])
        {
            session.Add(0, Tokens(model, first, 2));
            session.Add(1, Tokens(model, second, 3));
            session.Add(2, Tokens(model, third, 4));
            logits.AddRange(session.Run());
        }
        // Every row of another sequence, and two beside one with many.
        foreach (int many in (int[])[1, 50])
        {
            for (int slot = 0; slot < 40; slot++)
                session.Add(slot, Tokens(model, slot == 7 ? many : slot < 3 ? 2 : 1, slot));
            logits.AddRange(session.Run());
        }
        return [.. logits];
    });

    private static void Both(CheckShape shape, KvType kv, CpuIsa isa, Func<Session, CheckModel, float[][]> run)
    {
        if (!isa.Avx2)
            Assert.Skip("tiles need AVX2");
        using CheckModel model = new(shape, Quantizations.With());
        RuntimeLimits limits = Session.Limits(ActivationPrecision.Fast, kv) with { BlockTokens = shape.BlockTokens, MaxContext = 2040, MaxSequences = 40 };
        int blocks = 6 * limits.MaxContext / limits.BlockTokens;
        using Session rows = new(model.Graph, Quantizations.With(), limits, backend: new CpuBackend(isa, Fusions.All & ~Fusions.Features), blocks: blocks);
        // One lane: from a panel of rows on. Two share tiles of the cache and panels.
        using Session features = new(model.Graph, Quantizations.With(), limits, backend: new CpuBackend(isa), blocks: blocks);
        using Session lanes = new(model.Graph, Quantizations.With(), limits, lanes: 2, backend: new CpuBackend(isa), blocks: blocks);
        Match stands = features.Runtime.Explain().Select(l => Stands().Match(l)).Single(m => m.Success);
        // What is pooled has a row for each sequence, and experts gather rows.
        Assert.InRange(int.Parse(stands.Groups[2].ValueSpan, CultureInfo.InvariantCulture) - int.Parse(stands.Groups[1].ValueSpan, CultureInfo.InvariantCulture), 0, shape.Experts is not null ? int.MaxValue : shape.Pooling == PoolingKind.None ? 0 : 4);
        float[][] expected = run(rows, model);
        Difference.None(expected, run(features, model), "by features");
        Difference.None(expected, run(lanes, model), "by features on two lanes");
    }

    [GeneratedRegex("^from [0-9]+ rows on, ([0-9]+) of ([0-9]+) values stand by features, in panels of [0-9]+ rows, queries, keys and what attention gives among them$")]
    private static partial Regex Stands();

    // Rows of whole blocks.
    private static CheckShape Wide(string name)
    {
        CheckShape shape = CheckShapes.All[name];
        return (shape.HeadLength % 32 == 0 ? shape with { FeedForward = 96 } : FamilyInvarianceTests.Wide(shape)) with { Quantization = "q8_0" };
    }

    private static int[] Tokens(CheckModel model, int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(model.Graph.VocabularySize))];
    }
}
