using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Plan;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Mixtures of experts.</summary>
internal sealed unsafe partial class GraphLowering
{
    private readonly List<ExpertPlan> _experts = [];

    private void Experts(MixtureOfExpertsNode n)
    {
        RowSource input = Source(n.Input);
        ValueBuffer router = Stored(n.Router);
        ProductInput kind = InputOf(n.Input);
        LinearKernel gate = _kernels.Choose(n, n.Gate, kind), up = n.Rows == GateUpRows.Separate ? _kernels.Choose(n, n.Up, kind) : gate, down = _kernels.Choose(n, n.Down, ProductInput.Gate);
        ExpertPlan plan = new(n, gate, up, down, input, _request.Limits, _kernels.TileWidth, _sizes);
        _experts.Add(plan);
        ExpertBiases biases = new(Vector(n, n.SelectionBias), Vector(n, n.GateBias), Vector(n, n.UpBias), Vector(n, n.DownBias));
        Emit(new ExpertGateStage(_stages.Count, plan, router, biases, _exact, _request.Team.LaneCount, _sizes), n, [.. input.Reads, router]);
        List<ValueBuffer> touched = [];
        (ValueBuffer output, float factor, ValueBuffer? residual) = Result(n, _uses.Order(n), touched, mayOverwrite: false);
        Emit(new ExpertDownStage(_stages.Count, plan, biases, factor, residual, output, _request.Team.LaneCount, _sizes), n, [.. touched]);
        _explanation.Add($"{n.Name}: {plan.Used} of {plan.Count} experts by {n.Routing.Scoring.ToString().ToLowerInvariant()}, rows grouped by expert, {n.Activation.ToString().ToLowerInvariant()} gate on the way, sums in the order of the experts");
    }
}
