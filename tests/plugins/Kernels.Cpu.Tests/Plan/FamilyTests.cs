using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>The families' operations with quantized weights, beside the float64 interpreter.</summary>
public class FamilyTests
{
    private const double ReferenceTolerance = 1e-5;
    private const double Int8Tolerance = 0.15;

    [Theory]
    [InlineData("experts by normalized softmax, scaled, shared")]
    [InlineData("experts by softmax of the chosen, biases, clamped gate")]
    [InlineData("latent attention, absorbed")]
    [InlineData("latent attention, expanded")]
    public void Quantized_weights_pass_on_the_reference_path(string shape) =>
        Pass(FamilyInvarianceTests.Wide(CheckShapes.All[shape]) with { Quantization = "q4_1", RopeOffset = 0, RotatingLength = 0 }, ReferenceTolerance);

    // All experts are used: which are chosen may else depend on the rounding of activations.
    [Theory]
    [InlineData("q8_0", 256)]
    [InlineData("q4_k", 256)]
    [InlineData("q6_k", 256)]
    [InlineData("mxfp4", 256)]
    public void Experts_of_quantized_weights_are_near_on_the_product_path(string type, int width) => Pass(
        new CheckShape
        {
            Quantization = type,
            Width = width,
            FeedForward = width,
            Heads = 4,
            HeadLength = 64,
            Layers = 1,
            Activation = Activation.ClampedSwiGlu,
            Activations = ActivationPrecision.Fast,
            KvType = KvType.F16,
            Experts = new CheckExperts(3, new ExpertRouting(3, ExpertScoring.Sigmoid)) { Biases = true },
        },
        Int8Tolerance);

    [Theory]
    [InlineData("q8_0")]
    [InlineData("q4_0")]
    public void Head_products_of_quantized_weights_are_near_on_the_product_path(string type) => Pass(
        FamilyInvarianceTests.Wide(CheckShapes.All["latent attention, absorbed"]) with { Quantization = type, Activations = ActivationPrecision.Fast, KvType = KvType.F16 }, Int8Tolerance);

    private static void Pass(CheckShape shape, double tolerance)
    {
        CpuBackend backend = new(CpuIsa.Detect());
        using InlineWorkTeam team = new(3);
        CheckReport report = BackendCheck.Compare(backend, shape, Quantizations.With(), team);
        TestContext.Current.TestOutputHelper?.WriteLine($"{report.MaxRelative:E2}");
        if (report.MaxRelative > tolerance)
            Assert.Fail($"{report.Worst}; {BackendCheck.Locate(backend, shape, tolerance, Quantizations.With(), team)}");
    }
}
