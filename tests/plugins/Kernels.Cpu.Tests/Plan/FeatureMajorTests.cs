using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Values that stand by features between products give bitwise what rows give.</summary>
public class FeatureMajorTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string type in (string[])["f32", "f16", "bf16", "q4_0", "q5_1", "q8_0", "iq4_nl", "mxfp4", "nvfp4", "q2_k", "q3_k", "q4_k", "q6_k"])
                foreach (string isa in Isas.All.Keys)
                    data.Add(type, isa);
            return data;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_model_gives_the_same_bits(string type, string isa) =>
        // 107 rows: whole panels, and a last one of 11 or of 3.
        Same(new ModelShape { Type = type, Layers = 2, Width = 256, Inner = 512, Heads = 4, KeyHeads = 2, HeadLength = 64 }, isa, 107);

    [Theory, MemberData(nameof(Sets))]
    public void So_do_one_with_biases_and_one_with_a_narrow_last_panel(string isa) =>
        Same(new ModelShape { Type = "q8_0", Layers = 2, Width = 96, Inner = 160, Heads = 3, KeyHeads = 1, HeadLength = 32, Biases = true }, isa, 102);

    public static TheoryData<string> Sets => [.. Isas.All.Keys];

    [Fact]
    public void All_values_of_a_plain_model_stand_by_features()
    {
        if (!CpuIsa.Detect().Avx2)
            Assert.Skip("tiles need AVX2");
        using RandomModel model = new(new ModelShape { Type = "q8_0", Layers = 3, Width = 64, Inner = 96 });
        using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast), lanes: 2);
        Assert.Contains(session.Runtime.Explain(), l => l.Contains("19 of 19 values stand by features", StringComparison.Ordinal));
        using Session few = new(model.Graph, model.Registry, new RuntimeLimits { MaxRows = 5, MaxOutputs = 5, MaxSequences = 5, MaxContext = 512, Activations = ActivationPrecision.Fast });
        Assert.Contains(few.Runtime.Explain(), l => l.StartsWith("values stand by rows: by features they would from ", StringComparison.Ordinal) && l.EndsWith(" rows on, steps have at most 5", StringComparison.Ordinal));
    }

    [Fact]
    public void Few_rows_want_logits_and_several_sequences_share_panels()
    {
        using RandomModel model = new(new ModelShape { Type = "q8_0", Width = 96, Inner = 160, Heads = 3, KeyHeads = 1, HeadLength = 32 });
        Both(model.Graph, model.Registry, session =>
        {
            List<float[]> logits = [];
            foreach (int count in (int[])[37, 31, 32, 9])
            {
                for (int slot = 0; slot < 3; slot++)
                {
                    session.Add(slot, model.Tokens(count / 3, slot), RowOutputs.None);
                    session.Add(slot, model.Tokens(1, slot + 7));
                }
                logits.AddRange(session.Run());
            }
            // As many rows as there may be, the last panel not whole, and then one.
            session.Add(5, model.Tokens(1), RowOutputs.None);
            session.Add(4, model.Tokens(155), RowOutputs.None);
            session.Add(4, model.Tokens(1));
            logits.AddRange(session.Run());
            session.Add(4, model.Tokens(1));
            logits.AddRange(session.Run());
            return [.. logits];
        });
    }

    [Theory, MemberData(nameof(Changes))]
    public void Graphs_whose_sums_read_what_their_products_read(string change)
    {
        using RandomModel model = new(new ModelShape { Type = "q8_0", Width = 64, Inner = 96 });
        List<GraphNode> nodes = [.. model.Graph.Nodes];
        GraphNode Named(string name) => nodes.Single(n => n.Name == name);
        RmsNormNode last = (RmsNormNode)nodes[^2];
        GraphValue x = last.Input, a = new(1000, "a", 64), b = new(1001, "b", 64), c = new(1002, "c", 64), d = new(1003, "d", 64);
        GraphNode? made = change switch
        {
            "layer norm" => new LayerNormNode("x.norm", x, a, last.Weight, last.Weight, 1e-5f),
            "norm of groups" => new RmsNormNode("x.norm", x, a, last.Weight, 1e-5f) { Groups = 4 },
            "norm" => new RmsNormNode("x.norm", x, a, last.Weight, 1e-5f),
            "scale" => new ScaleNode("x.scale", x, a, 0.5f),
            _ => null,
        };
        LinearNode square = (LinearNode)Named("blk.1.attn_output");
        nodes.InsertRange(nodes.Count - 2,
        [
            .. made is null ? (GraphNode[])[] : [made],
            new LinearNode("x.product", made is null ? x : a, b, square.Weight),
            new ScaleNode("x.factor", b, c, 0.3f),
            new AddNode("x.sum", x, c, d),
        ]);
        nodes[^2] = last with { Input = d };
        ModelGraph graph = new() { Nodes = nodes, CacheGroups = model.Graph.CacheGroups, VocabularySize = model.Graph.VocabularySize, Hidden = model.Graph.Hidden, Logits = model.Graph.Logits };
        Both(graph, model.Registry, session => session.Feed(0, model.Tokens(70), 70));
    }

    public static TheoryData<string> Changes => ["layer norm", "norm of groups", "norm", "scale", "nothing"];

    /// <summary>Granite's scales, on the embedding and in front of sums.</summary>
    [Fact]
    public void Scales_of_the_embedding_and_of_residuals()
    {
        using CheckModel model = new(new CheckShape { Quantization = "q8_0", EmbeddingScale = 3, ResidualScale = 0.4f }, Quantizations.With());
        int[] tokens = [.. Enumerable.Range(0, 75).Select(i => i * 7 % model.Graph.VocabularySize)];
        Both(model.Graph, Quantizations.With(), session => session.Feed(0, tokens, 75));
    }

    [Fact]
    public void A_head_without_tiles_keeps_nothing_from_it()
    {
        using RandomModel model = new(new ModelShape { Type = "q8_0", Width = 96, Inner = 160, Heads = 3, KeyHeads = 1, HeadLength = 32 });
        List<GraphNode> nodes = [.. model.Graph.Nodes];
        LmHeadNode head = (LmHeadNode)nodes[^1];
        using MemoryFile file = MemoryFile.Of([.. Enumerable.Range(0, 101 * 96).Select(i => i % 13 - 6.5f)]);
        // 96 columns are no multiple of the lanes of floats.
        nodes[^1] = head with { Weight = file.Tensor("head", "f32", 101, 96) };
        ModelGraph graph = new() { Nodes = nodes, CacheGroups = model.Graph.CacheGroups, VocabularySize = model.Graph.VocabularySize, Hidden = model.Graph.Hidden, Logits = model.Graph.Logits };
        Both(graph, model.Registry, session => session.Feed(0, model.Tokens(70), 70));
    }

    // With and without; the values of all graphs here stand by features.
    private static void Both(ModelGraph graph, IQuantizationRegistry quantizations, Func<Session, float[][]> run)
    {
        if (!CpuIsa.Detect().Avx2)
            Assert.Skip("tiles need AVX2");
        RuntimeLimits limits = new() { MaxRows = 157, MaxOutputs = 157, MaxSequences = 9, MaxContext = 512, Activations = ActivationPrecision.Fast, KvType = KvType.F16 };
        using Session byRows = new(graph, quantizations, limits, lanes: 2, backend: new CpuBackend(CpuIsa.Detect(), Fusions.All & ~Fusions.Features)), byFeatures = new(graph, quantizations, limits, lanes: 2);
        Assert.Contains(byFeatures.Runtime.Explain(), l => l.Contains("stand by features", StringComparison.Ordinal));
        Difference.None(run(byRows), run(byFeatures), "by features");
    }

    [Fact]
    public unsafe void Hidden_states_are_rows_again()
    {
        using RandomModel model = new(new ModelShape { Type = "q8_0", Width = 96, Inner = 160, Heads = 3, KeyHeads = 1, HeadLength = 32 });
        int[] tokens = model.Tokens(70);
        List<float[]> states = [];
        foreach (Fusions fusions in (Fusions[])[Fusions.All, Fusions.All & ~Fusions.Features])
        {
            using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast), backend: new CpuBackend(CpuIsa.Detect(), fusions));
            Assert.Equal(fusions == Fusions.All && CpuIsa.Detect().Avx2, session.Runtime.Explain().Any(l => l.Contains("stand by features", StringComparison.Ordinal)));
            session.Add(0, tokens, RowOutputs.Hidden);
            session.Run();
            states.AddRange(Enumerable.Range(0, tokens.Length).Select(i => new Span<float>(session.Runtime.Hidden(i), 96).ToArray()));
        }
        Difference.None([.. states.Take(tokens.Length)], [.. states.Skip(tokens.Length)], "hidden states");
    }

    private static void Same(ModelShape shape, string isa, int rows)
    {
        using RandomModel model = new(shape);
        int[] tokens = model.Tokens(rows);
        RuntimeLimits limits = Session.Limits(ActivationPrecision.Fast, KvType.F16);
        using Session byRows = new(model.Graph, model.Registry, limits, lanes: 2, backend: new CpuBackend(Isas.All[isa], Fusions.All & ~Fusions.Features));
        using Session byFeatures = new(model.Graph, model.Registry, limits, lanes: 2, backend: new CpuBackend(Isas.All[isa]));
        Assert.DoesNotContain(byRows.Runtime.Explain(), l => l.Contains("stand by features", StringComparison.Ordinal));
        Assert.Equal(Isas.All[isa].Avx2, byFeatures.Runtime.Explain().Any(l => l.Contains("stand by features", StringComparison.Ordinal)));
        Difference.None(byRows.Feed(0, tokens, rows), byFeatures.Feed(0, tokens, rows), "by features");
        // The next step is of rows again.
        Difference.None(byRows.Feed(0, tokens.AsSpan(0, 3), 1), byFeatures.Feed(0, tokens.AsSpan(0, 3), 1), "after it");
    }
}
