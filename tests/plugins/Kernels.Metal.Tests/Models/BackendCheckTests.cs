using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.SelfTest;
using Tessera.MetalEmulator;
using Tessera.MetalEmulator.Mutations;

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

    // Together they run every kernel that a plan has.
    [Theory]
    [InlineData("everything at once", false)]
    [InlineData("latent attention, absorbed", false)]
    [InlineData("encoder with scores of the first row", false)]
    [InlineData("experts by softmax", true)]
    public void Where_every_access_is_looked_at_nothing_is_found(string shape, bool halves)
    {
        using EmulatorSession session = Emulator.Begin(EmulatorMode.CheckedAccess);
        using MetalBackend backend = new(NullLogger.Instance) { PartitionTokens = 8 };
        CheckReport report = halves
            ? BackendCheck.Compare(new LooseBackend(backend), CheckShapes.All[shape] with { Activations = ActivationPrecision.Fast, KvType = KvType.F16 })
            : BackendCheck.Compare(backend, CheckShapes.All[shape]);
        Assert.True(report.MaxRelative < (halves ? HalfTolerance : ReferenceTolerance), report.Worst);
        Assert.True(session.Count("accesses") > 1_000_000, $"{session.Count("accesses")} accesses were looked at");
    }

    [Theory]
    [InlineData(1006, false)]
    [InlineData(1007, true)]
    public void Only_a_device_with_matrices_of_a_simdgroup_is_given_kernels_with_them(int family, bool has)
    {
        // An edit that changes nothing counts the texts that it could change.
        SeededBug none = new("none", "any", "simdgroup_multiply_accumulate", "simdgroup_multiply_accumulate");
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { Family = family, Bug = none });
        using MetalBackend backend = new(NullLogger.Instance);
        CheckReport report = BackendCheck.Compare(new LooseBackend(backend), CheckShapes.All["plain"] with { Activations = ActivationPrecision.Fast, KvType = KvType.F16 });
        Assert.True(report.MaxRelative is > 0 and < HalfTolerance, report.Worst);
        Assert.Equal(has, session.Count("edits") > 0);
        Assert.NotEqual(has, KernelSelfTest.Describe(backend)[0].Contains("no matrices of a simdgroup", StringComparison.Ordinal));
    }
}
