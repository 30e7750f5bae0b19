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
    public void Attention_has_rows_and_what_lies_between_products_has_not()
    {
        if (!CpuIsa.Detect().Avx2)
            Assert.Skip("tiles need AVX2");
        using RandomModel model = new(new ModelShape { Type = "q8_0", Layers = 3, Width = 64, Inner = 96 });
        using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast), lanes: 2);
        // The residual stream once, as sums are made in place; gate and up of each layer. Queries, keys, values and what attention gives are rows.
        Assert.Contains(session.Runtime.Explain(), l => l.Contains("7 of 19 values stand by features", StringComparison.Ordinal));
        using Session few = new(model.Graph, model.Registry, new RuntimeLimits { MaxRows = 24, MaxOutputs = 24, MaxSequences = 9, MaxContext = 512, Activations = ActivationPrecision.Fast });
        Assert.DoesNotContain(few.Runtime.Explain(), l => l.Contains("by features", StringComparison.Ordinal));
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
        Assert.DoesNotContain(byRows.Runtime.Explain(), l => l.Contains("by features", StringComparison.Ordinal));
        Assert.Equal(Isas.All[isa].Avx2, byFeatures.Runtime.Explain().Any(l => l.Contains("by features", StringComparison.Ordinal)));
        Difference.None(byRows.Feed(0, tokens, rows), byFeatures.Feed(0, tokens, rows), "by features");
        // The next step is of rows again.
        Difference.None(byRows.Feed(0, tokens.AsSpan(0, 3), 1), byFeatures.Feed(0, tokens.AsSpan(0, 3), 1), "after it");
    }
}
