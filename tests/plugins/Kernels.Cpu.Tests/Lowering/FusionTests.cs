using Tessera.Conformance.Checks;
using Tessera.Conformance.Interpreter;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Lowering;

/// <summary>What is stored instead of being made on the way gives the same model.</summary>
public class FusionTests
{
    public static TheoryData<string> Shapes => ["own head norms", "soft caps", "sinks, clamped gate"];

    [Theory, MemberData(nameof(Shapes))]
    public void A_model_is_the_same_without_each(string shape)
    {
        using CheckModel model = new(CheckShapes.All[shape], Quantizations.With());
        int[] tokens = [.. Enumerable.Range(0, 40).Select(i => i * 7 % model.Graph.VocabularySize)];
        using Session reference = new(model.Graph, Quantizations.With(), backend: new ReferenceBackend());
        float[][] expected = reference.Feed(0, tokens, 40);
        Dictionary<Fusions, int> stored = [];
        foreach (Fusions fusions in (Fusions[])[Fusions.All, Fusions.All & ~Fusions.Norms, Fusions.All & ~Fusions.Rotations, Fusions.All & ~Fusions.Gates, Fusions.None])
        {
            using Session session = new(model.Graph, Quantizations.With(), lanes: 2, backend: new CpuBackend(CpuIsa.Detect(), fusions));
            (double largest, _) = Difference.Relative(expected, [.. session.Feed(0, tokens.AsSpan(0, 30), 30), .. session.Feed(0, tokens.AsSpan(30), 1)]);
            Assert.True(largest <= 2e-5, $"{fusions}: largest difference {largest:E2} of the logits");
            stored[fusions] = session.Runtime.Explain().Count(l => l.EndsWith("stored", StringComparison.Ordinal));
        }
        foreach (Fusions fusions in stored.Keys.Where(f => f != Fusions.All))
            Assert.True(stored[fusions] > stored[Fusions.All], $"{fusions} stores {stored[fusions]} values, all fusions {stored[Fusions.All]}");
        Assert.Equal(stored.Values.Max(), stored[Fusions.None]);
    }
}
