using Tessera.Conformance.Interpreter;
using Tessera.Engine.Architectures;
using Tessera.Format.Gguf;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.TestSupport.Families;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Every family's tiny model, with all of its optional tensors, against the float64 interpreter.</summary>
public class TinyFamilyTests
{
    // Largest differences relative to the logits' root mean square.
    private const double ReferenceTolerance = 5e-5, HalfCacheTolerance = 2e-2;

    private static readonly int[] Tokens = [.. Enumerable.Range(0, 40).Select(i => i * 17 % TinyFamily.Vocabulary)];

    public static TheoryData<string> Names => [.. TinyFamilies.All.Concat(TinyMixtures.All).Select(f => f.Name)];

    // Which experts are chosen may depend on the rounding of the cache.
    public static TheoryData<string> Dense => [.. TinyFamilies.All.Select(f => f.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Reference_path_agrees_with_the_interpreter(string name) => Agree(name, Session.Limits(), ReferenceTolerance);

    [Theory, MemberData(nameof(Dense))]
    public void Product_path_is_near_the_interpreter(string name) => Agree(name, Session.Limits(ActivationPrecision.Fast, KvType.F16), HalfCacheTolerance);

    private static void Agree(string name, RuntimeLimits limits, double tolerance)
    {
        TinyFamily model = TinyFamilies.Find(name);
        using TestModelFiles files = TestModelFiles.Of(model.ToGguf());
        ModelSource source = new GgufFormat().Open(files);
        ModelGraph graph = BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, 64);
        using Session expected = new(graph, Quantizations.With(), Session.Limits(), backend: new ReferenceBackend());
        using Session found = new(graph, Quantizations.With(), limits, lanes: 2);
        Plan(expected, model.Planned);
        Plan(found, model.Planned);
        double difference = Difference.Relative(expected.Feed(0, Tokens, 40), found.Feed(0, Tokens, 7)).Largest;
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {difference:g2}");
        Assert.InRange(difference, 0, tolerance);
    }

    private static unsafe void Plan(Session session, int planned) => session.Batch.PlannedTokens[0] = planned;
}
