using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>The conformance kit's script of mixed batches, forks and windows.</summary>
public class BackendCheckTests
{
    private const double ReferenceTolerance = 1e-5;
    private const double FastTolerance = 1e-2;
    private const double BrainTolerance = 2e-2;
    private const double ByteTolerance = 2e-2;

    // Its logits are steep in what attention gives: half precision is off by 5e-3, and the others by as much more as they round more.
    private const string Steep = "soft caps";

    public static TheoryData<string> Shapes => [.. CheckShapes.All.Keys];

    [Theory, MemberData(nameof(Shapes))]
    public void The_reference_path_passes(string shape) => Pass(CheckShapes.All[shape], ReferenceTolerance);

    [Theory, MemberData(nameof(Shapes))]
    public void The_product_path_passes(string shape) =>
        Pass(CheckShapes.All[shape] with { Activations = ActivationPrecision.Fast, KvType = KvType.F16 }, FastTolerance);

    [Theory, MemberData(nameof(Shapes))]
    public void A_cache_of_bfloat16_passes(string shape) => Pass(CheckShapes.All[shape] with { KvType = KvType.BF16 }, shape == Steep ? 3 * BrainTolerance : BrainTolerance);

    // Without routers: what is rounded as much may go to another expert.
    public static TheoryData<string> WithoutExperts => [.. CheckShapes.All.Where(s => s.Value.Experts is null).Select(s => s.Key)];

    [Theory, MemberData(nameof(WithoutExperts))]
    public void A_cache_of_bytes_passes(string shape) => Pass(CheckShapes.All[shape] with { KvType = KvType.Q8 }, shape == Steep ? 10 * ByteTolerance : ByteTolerance);

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
