using Tessera.Conformance.Interpreter;
using Tessera.Engine.Architectures;
using Tessera.Format.Gguf;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.TestSupport.Families;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>The tiny models with experts, latent attention and length-dependent rotations, with all of their optional tensors, against the float64 interpreter.</summary>
public class MixtureTests
{
    // Largest differences of a row relative to the logits' root mean square.
    private const double ReferenceTolerance = 5e-5, ProductTolerance = 2e-2;

    private const uint Mxfp4Id = 39;

    private static readonly int[] Tokens = [.. Enumerable.Range(0, 40).Select(i => i * 17 % TinyFamily.Vocabulary)];

    public static TheoryData<string> Names => [.. TinyMixtures.All.Select(f => f.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Reference_path_agrees_with_the_interpreter(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        Agree(name, model.ToGguf(), model.Planned, ActivationPrecision.Float32, KvType.F32, ReferenceTolerance, otherRows: 0);
    }

    // A cache in half precision may turn the choice of an expert whose score is near another's: a row or two have other experts then.
    [Theory, MemberData(nameof(Names))]
    public void Product_path_is_near_the_interpreter(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        Agree(name, model.ToGguf(), model.Planned, ActivationPrecision.Fast, KvType.F16, ProductTolerance, otherRows: 2);
    }

    [Fact]
    public void Experts_in_mxfp4_agree_with_the_interpreter()
    {
        IQuantizer quantizer = Assert.IsAssignableFrom<IQuantizer>(Quantizations.With().Find("mxfp4"));
        byte[] gguf = TinyMixtures.BlockWide.ToGguf(encode: (name, values) =>
        {
            if (!name.EndsWith("_exps.weight", StringComparison.Ordinal))
                return null;
            byte[] data = new byte[quantizer.QuantizedBytes(values.Length)];
            quantizer.Quantize(values, data);
            return (Mxfp4Id, data);
        });
        int quantized = Agree("mxfp4", gguf, 0, ActivationPrecision.Float32, KvType.F32, ReferenceTolerance, otherRows: 0);
        Assert.Equal(3 * TinyMixtures.BlockWide.LayerCount, quantized);
        Agree("mxfp4, product", gguf, 0, ActivationPrecision.Fast, KvType.F16, 5 * ProductTolerance, otherRows: 4);
    }

    private static int Agree(string name, byte[] gguf, int planned, ActivationPrecision activations, KvType kv, double tolerance, int otherRows)
    {
        using TestModelFiles files = TestModelFiles.Of(gguf);
        ModelSource source = new GgufFormat().Open(files);
        ModelGraph graph = BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, 64);
        RuntimeLimits limits = Session.Limits(activations, kv);
        limits = limits with { MaxContext = Math.Max(limits.MaxContext, planned) };
        using Session expected = new(graph, Quantizations.With(), limits, backend: new ReferenceBackend());
        using Session found = new(graph, Quantizations.With(), limits, lanes: 2);
        double[] differences = [.. expected.Feed(0, Tokens, 40).Zip(found.Feed(0, Tokens, 7), (e, f) => Difference.Relative([e], [f]).Largest).OrderDescending()];
        Assert.Equal(Tokens.Length, differences.Length);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {string.Join(", ", differences.Take(4).Select(d => $"{d:g2}"))}");
        Assert.InRange(differences[otherRows], 0, tolerance);
        return source.Tensors.Count(t => t.Quantization == "mxfp4");
    }
}
