using Tessera.Kernels.Cpu.Plan;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Pools, and what follows from them: values with one row for each sequence that wants a vector.</summary>
internal sealed unsafe partial class GraphLowering
{
    private RowSet SetOf(GraphNode node) => _pooled.Contains(node.Output.Id) ? RowSet.Pooled : RowSet.All;

    private void FollowPool(GraphNode node)
    {
        int pooled = node.Inputs.Count(v => _pooled.Contains(v.Id));
        if (pooled > 0 && (pooled < node.Inputs.Count || node is not (LinearNode or RmsNormNode or LayerNormNode or ActivationNode or GatedActivationNode or AddNode or ScaleNode)))
            throw new UnsupportedModelException($"cpu: node '{node.Name}' reads what follows from a pool, and is no operation for that, or reads other values too");
        if (pooled > 0 || node is PoolNode)
            _pooled.Add(node.Output.Id);
    }

    private void Pool(PoolNode n)
    {
        RowSource source = Source(n.Input);
        ValueBuffer output = NewValue(n.Output);
        _sizes.Row = Math.Max(_sizes.Row, source.Width);
        _explanation.Add($"{n.Name}: {n.Kind.ToString().ToLowerInvariant()} of a sequence's rows, {source.Description}");
        Emit(new PoolStage(source, output, n.Kind), n, [.. source.Reads, output]);
    }

    private OutputArea Pooled()
    {
        if (_graph.Pooled is null)
            return new OutputArea(null, 0);
        if (!_pooled.Contains(_graph.Pooled.Id))
            throw new UnsupportedModelException($"cpu: node '{_uses.Maker(_graph.Pooled).Name}' makes the graph's pooled value, which does not follow from a pool");
        RowSource source = Source(_graph.Pooled);
        int stride = (source.Width + 15) & ~15;
        float* data = _arena.Floats((long)stride * Math.Min(_request.Limits.MaxRows, _request.Limits.MaxSequences));
        Emit(new PooledStage(source, data, stride), source.Reads);
        return new OutputArea(data, stride);
    }
}
