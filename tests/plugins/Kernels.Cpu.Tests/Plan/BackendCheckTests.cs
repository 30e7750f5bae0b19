using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>The conformance kit's script of mixed batches, forks and windows.</summary>
public class BackendCheckTests
{
    private const double ReferenceTolerance = 1e-5;
    private const double FastTolerance = 1e-2;

    public static TheoryData<string> Shapes => [.. CheckShapes.All.Keys];

    [Theory, MemberData(nameof(Shapes))]
    public void The_reference_path_passes(string shape) => Pass(CheckShapes.All[shape], ReferenceTolerance);

    [Theory, MemberData(nameof(Shapes))]
    public void The_product_path_passes(string shape) =>
        Pass(CheckShapes.All[shape] with { Activations = ActivationPrecision.Fast, KvType = KvType.F16 }, FastTolerance);

    private static void Pass(CheckShape shape, double tolerance)
    {
        CpuBackend backend = new(CpuIsa.Detect());
        using InlineWorkTeam team = new(3);
        CheckReport report = BackendCheck.Compare(backend, shape, team: team);
        Assert.True(report.Outputs > 30);
        if (report.MaxRelative > tolerance)
            Assert.Fail($"{report.Worst}; {BackendCheck.Locate(backend, shape, tolerance)}");
    }
}
