using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Lowering;

/// <summary>Encoders: attention among rows, pools, and what follows from them: values with one row for each sequence that wants a vector. And the parts of latent attention.</summary>
internal sealed partial class GraphLowering
{
    private readonly HashSet<int> _pooled = [];

    private RowSet SetOf(GraphNode node) => _pooled.Contains(node.Output.Id) ? RowSet.Pooled : RowSet.All;

    private void FollowPool(GraphNode node)
    {
        int pooled = node.Inputs.Count(v => _pooled.Contains(v.Id));
        if (pooled > 0 && (pooled < node.Inputs.Count || node is not (LinearNode or RmsNormNode or LayerNormNode or ActivationNode or GatedActivationNode or AddNode or ScaleNode)))
            throw new UnsupportedModelException($"metal: node '{node.Name}' reads what follows from a pool, and is no operation for that, or reads other values too");
        if (pooled > 0 || node is PoolNode)
            _pooled.Add(node.Output.Id);
    }

    private void Pool(PoolNode n)
    {
        DeviceValue input = Stored(n.Input), output = NewValue(n.Output);
        Emit(new PoolStage(_device.Pipelines.Get(KernelText.Pool(), "pool"), input, output, n.Kind), input, output);
        _explanation.Add($"{n.Name}: {n.Kind.ToString().ToLowerInvariant()} of a sequence's rows");
    }

    // The vectors in memory that both processors see.
    private DeviceBuffer? Pooled()
    {
        if (_graph.Pooled is null)
            return null;
        if (!_pooled.Contains(_graph.Pooled.Id))
            throw new UnsupportedModelException($"metal: node '{_uses.Maker(_graph.Pooled).Name}' makes the graph's pooled value, which does not follow from a pool");
        DeviceValue made = Stored(_graph.Pooled);
        DeviceBuffer area = _scratch.Take((long)Math.Min(_request.Limits.MaxRows, _request.Limits.MaxSequences) * made.Width * sizeof(float), isShared: true);
        DeviceValue wanted = new(made.Width, _stages.Count);
        wanted.Place(area.At(0));
        Emit(new ElementStage(Kernel("scale", "elements"), made, null, wanted, new ElementArguments { Width = (uint)made.Width, Factor = 1 }, RowSet.Pooled), made);
        return area;
    }

    private void RowAttention(BidirectionalAttentionNode n)
    {
        if (4L * n.ValueLength * sizeof(float) + 64 > AttentionMemory)
            throw new UnsupportedModelException($"metal: node '{n.Name}': value heads of {n.ValueLength} elements do not fit threadgroup memory");
        DeviceValue query = Stored(n.Query), key = Stored(n.Key), value = Stored(n.Value), output = NewValue(n.Output);
        AttentionArguments arguments = new() { Heads = (uint)n.Heads, KeyHeads = (uint)n.KeyHeads, Window = (uint)n.Reach, Scale = n.Scale };
        Emit(new RowAttentionStage(_device.Pipelines.Get(KernelText.Encoder(n.KeyLength, n.ValueLength), "attend_rows"), query, key, value, output, arguments), query, key, value, output);
        _explanation.Add($"{n.Name}: attention among rows, {n.Heads} heads over {n.KeyHeads} of {n.KeyLength}{(n.ValueLength == n.KeyLength ? "" : $" and {n.ValueLength}")}{(n.Reach == 0 ? "" : $", {n.Reach} to either side")}");
    }

    private void HeadLinear(HeadLinearNode n)
    {
        StoredWeight weight = _weights.Matrix(n, n.Weight);
        int heads = (int)n.Weight.Shape[0];
        DeviceValue input = Stored(n.Input), output = NewValue(n.Output);
        ProductArguments arguments = new()
        {
            Rows = (uint)n.Weight.Shape[1],
            Columns = (uint)n.Weight.Shape[2],
            InputStride = (uint)n.Input.Width,
            OutputStride = (uint)n.Output.Width,
            Used = 1,
            Factor = 1,
        };
        Emit(new ProductStage(KernelsOf(weight.Type), weight.Range, input, _weights.Nothing, null, output, RowSet.All, arguments, heads), input, output);
        Say(n.Weight, weight, $", {heads} heads");
    }

    private void Concat(ConcatNode n)
    {
        DeviceValue a = Stored(n.A);
        Element(n, "concat", a, Stored(n.B), new ElementArguments { Width = (uint)n.Output.Width, InputWidth = (uint)a.Width, Groups = (uint)n.Groups, Offset = n.BIsShared ? 1u : 0u });
    }
}
