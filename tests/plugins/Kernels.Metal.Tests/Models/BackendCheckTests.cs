using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>The conformance kit's script of mixed batches, forks and windows, against the float64 interpreter.</summary>
public sealed class BackendCheckTests
{
    private const double ReferenceTolerance = 1e-5, HalfTolerance = 1e-2;

    public static TheoryData<string> Shapes => [.. CheckShapes.All.Keys];

    [Theory, MemberData(nameof(Shapes))]
    public void A_shape_is_computed_as_the_interpreter_does(string shape)
    {
        using EmulatorSession session = Emulator.Begin();
        // Parts of 8 tokens, so that contexts of several parts are met.
        using MetalBackend backend = new(NullLogger.Instance) { PartitionTokens = 8 };
        CheckReport report = BackendCheck.Compare(backend, CheckShapes.All[shape]);
        Assert.True(report.Outputs > 30);
        if (report.MaxRelative > ReferenceTolerance)
            Assert.Fail($"{report.Worst}; {BackendCheck.Locate(backend, CheckShapes.All[shape], ReferenceTolerance)}");
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("window, small blocks")]
    [InlineData("experts by softmax")]
    [InlineData("experts that are tensors of their own")]
    [InlineData("experts with gate and up in one, the gate first")]
    [InlineData("sinks and a soft cap, one head each")]
    [InlineData("heads of 96 and 128")]
    [InlineData("latent attention, absorbed")]
    [InlineData("encoder with scores of the first row")]
    public void With_half_tiles_and_a_half_cache_a_shape_is_near_it(string shape)
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        CheckReport report = BackendCheck.Compare(new LooseBackend(backend), CheckShapes.All[shape] with { Activations = ActivationPrecision.Fast, KvType = KvType.F16 });
        Assert.True(report.MaxRelative is > 0 and < HalfTolerance, report.Worst);
    }
}
