using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Lowering;

/// <summary>Mixtures of experts.</summary>
internal sealed partial class GraphLowering
{
    private void Experts(MixtureOfExpertsNode n)
    {
        if (n.Routing.Groups > 64)
            throw new UnsupportedModelException($"metal: node '{n.Name}': expected at most 64 groups of experts, found {n.Routing.Groups}");
        int used = n.Routing.Used, experts = (int)n.Gate.Shape[0], inner = (int)n.Down.Shape[2];
        DeviceValue input = Stored(n.Input), router = Stored(n.Router);
        DeviceValue scores = NewValue(experts), chosen = NewValue(used), weights = NewValue(used);
        ChoiceArguments choice = new()
        {
            Experts = (uint)experts,
            Used = (uint)used,
            Scoring = (uint)n.Routing.Scoring,
            Normalizes = n.Routing.Normalize ? 1u : 0u,
            Groups = (uint)n.Routing.Groups,
            GroupsUsed = (uint)n.Routing.GroupsUsed,
            GroupScoring = (uint)n.Routing.GroupScoring,
            HasBias = n.SelectionBias is null ? 0u : 1u,
            Scale = n.Routing.Scale,
        };
        Emit(new ChoiceStage(Kernel("choose_experts", "experts"), router, _weights.Vector(n, n.SelectionBias), scores, chosen, weights, choice), router, scores, chosen, weights);
        ExpertList? list = _tiles && _device.HasMatrices ? new ExpertList(Kernel("list_experts", "experts"), choice, _request.Limits, _scratch) : null;
        if (list is not null)
            Emit(new ExpertListStage(list, chosen), chosen);
        bool isFused = n.Rows != GateUpRows.Separate;
        DeviceValue gate = Product(n, n.Gate, n.GateBias, input, chosen, list, used, ownInput: false);
        DeviceValue up = isFused ? gate : Product(n, n.Up, n.UpBias, input, chosen, list, used, ownInput: false);
        DeviceValue gated = NewValue(used * inner);
        GateArguments arguments = new()
        {
            Width = (uint)inner,
            GateStride = (uint)(gate.Width / used),
            UpStride = (uint)(up.Width / used),
            Step = n.Rows == GateUpRows.Alternating ? 2u : 1u,
            UpOffset = n.Rows switch { GateUpRows.GateFirst => (uint)inner, GateUpRows.Alternating => 1u, _ => 0u },
            Activation = (uint)n.Activation,
            HasUp = 1,
            Limit = n.Limit,
        };
        Emit(new GateStage(Kernel("gate", "gate"), gate, up, gated, arguments, RowSet.All, used), gate, up, gated);
        DeviceValue made = Product(n, n.Down, n.DownBias, gated, chosen, list, used, ownInput: true), output = NewValue(n.Output);
        Emit(new ElementStage(Kernel("sum_experts", "experts"), made, weights, output, new ElementArguments { Width = (uint)output.Width, Groups = (uint)used }), made, weights, output);
        _explanation.Add($"{n.Name}: {used} of {experts} experts by {n.Routing.Scoring.ToString().ToLowerInvariant()}, {(list is null ? "a product for each" : "products of few rows one by one, of many by tiles for each expert")}, {n.Activation.ToString().ToLowerInvariant()} gate");
    }

    private DeviceValue Product(MixtureOfExpertsNode n, WeightTensor tensor, WeightTensor? bias, DeviceValue input, DeviceValue chosen, ExpertList? list, int used, bool ownInput)
    {
        StoredWeight weight = _weights.Matrix(n, tensor);
        int rows = (int)tensor.Shape[1], columns = (int)tensor.Shape[2];
        DeviceValue output = NewValue(used * rows);
        ProductArguments arguments = new()
        {
            Rows = (uint)rows,
            Columns = (uint)columns,
            Inputs = ownInput ? 2u : 1u,
            InputStride = (uint)columns,
            OutputStride = (uint)rows,
            HasBias = bias is null ? 0u : 1u,
            Used = (uint)used,
            Factor = 1,
        };
        Emit(new ExpertProductStage(KernelsOf(weight.Type), weight.Range, input, _weights.Vector(n, bias), chosen, list, output, arguments), input, chosen, output);
        Say(tensor, weight, ", of the experts chosen");
        return output;
    }
}
