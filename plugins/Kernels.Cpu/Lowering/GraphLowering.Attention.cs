using Tessera.Kernels.Cpu.Plan;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Norms, and attention with the norms and rotations of heads that it takes in.</summary>
internal sealed unsafe partial class GraphLowering
{
    private void Norm(GraphNode node)
    {
        if (IntoAttention(node))
            _intoAttention.Add(node.Output.Id, node);
        else
            SourceOrStore(node, new NormSource(Stored(node.Inputs[0]), Kernel(node)), Fusions.Norms);
    }

    private NormKernel Kernel(GraphNode node) => node switch
    {
        RmsNormNode n => new NormKernel(n.Input.Width / n.Groups, n.Groups, Vector(n, n.Weight, n.WeightIsOffset), n.Weight.Rows * n.Weight.Columns != n.Input.Width, n.Epsilon),
        LayerNormNode n => new NormKernel(n.Input.Width / n.Groups, n.Groups, Vector(n, n.Weight), n.Weight.Rows * n.Weight.Columns != n.Input.Width, n.Epsilon) { Centered = true, Bias = Vector(n, n.Bias) },
        _ => throw new InvalidOperationException($"{node.GetType().Name} is no norm"),
    };

    private void Attention(AttentionNode n)
    {
        for (int g = 0; g < _groups.Count; g++)
        {
            if (_groups[g].Layouts.FirstOrDefault(l => l.Spec.Name == n.Cache) is not { } layout)
                continue;
            if (layout.Spec.Heads != n.KeyHeads || layout.Spec.KeyLength != n.KeyLength || layout.Spec.ValueLength != n.ValueLength)
                throw new UnsupportedModelException($"cpu: node '{n.Name}': cache '{n.Cache}' holds {layout.Spec.Heads} heads of {layout.Spec.KeyLength} and {layout.Spec.ValueLength} elements, the node needs {n.KeyHeads} of {n.KeyLength} and {n.ValueLength}");
            HeadInput query = Heads(n.Query), key = Heads(n.Key);
            AttentionInputs inputs = new(query, key, Stored(n.Value), NewValue(n.Output), Vector(n, n.Sinks));
            string extras = $"{(n.SoftCap == 0 ? "" : $", scores capped at {n.SoftCap}")}{(n.Sinks is null ? "" : ", sinks")}{(_exact ? ", exact exponential" : "")}";
            AttentionStage stage = new AttentionStage(_stages.Count, n, inputs, _groups[g], g, layout, _request.Limits, _wide, _runRows, _sizes, _request.Team.LaneCount, _halves);
            _explanation.Add($"{n.Name}: paged attention, {n.Heads} heads over {n.KeyHeads} of {n.KeyLength}{(n.ValueLength == n.KeyLength ? "" : $" and {n.ValueLength}")}, {layout.TypeName} cache{(layout.Type == KvType.F16 && _halves is not null ? $" widened by {_halves.Description}" : "")}, {(_wide ? 512 : 256)}-bit vectors for values of {Length(stage)}, queries {query.Description}, keys {key.Description}{extras}");
            Emit(stage, n, query.Value, key.Value, inputs.Value, inputs.Output);
            return;
        }
        throw new UnsupportedModelException($"cpu: node '{n.Name}': the graph has no cache '{n.Cache}'");
    }

    private void Attention(BidirectionalAttentionNode n)
    {
        HeadInput query = Heads(n.Query), key = Heads(n.Key);
        AttentionInputs inputs = new(query, key, Stored(n.Value), NewValue(n.Output), null);
        AttentionStage stage = new AttentionStage(_stages.Count, n, inputs, _request.Limits, _wide, _runRows, _sizes);
        _explanation.Add($"{n.Name}: attention both ways{(n.Reach == 0 ? "" : $", {n.Reach} tokens far")}, {n.Heads} heads over {n.KeyHeads} of {n.KeyLength}{(n.ValueLength == n.KeyLength ? "" : $" and {n.ValueLength}")}, f32, {(_wide ? 512 : 256)}-bit vectors for values of {Length(stage)}, queries {query.Description}, keys {key.Description}{(_exact ? ", exact exponential" : "")}");
        Emit(stage, n, query.Value, key.Value, inputs.Value, inputs.Output);
    }

    private static string Length(AttentionStage stage) => stage.KernelElements == 0 ? "any length" : $"{stage.KernelElements}";

    private HeadInput Heads(GraphValue value)
    {
        RopeNode? rope = _intoAttention.GetValueOrDefault(value.Id) as RopeNode;
        value = rope?.Input ?? value;
        GraphNode? norm = _intoAttention.GetValueOrDefault(value.Id);
        value = norm?.Inputs[0] ?? value;
        return new HeadInput(Stored(value), norm is null ? null : Kernel(norm), rope is null ? null : TurnsOf(rope.Table), rope?.Offset ?? 0);
    }

    // Whether all readers of a node's heads are attentions that make them on their way, a norm's perhaps through a rotation.
    private bool IntoAttention(GraphNode node)
    {
        if ((_fusions & Fusions.Rotations) == 0 || IsResult(node.Output) || _uses.Readers(node.Output).Count == 0)
            return false;
        (int heads, int length) = node switch
        {
            RopeNode n => (n.Heads, n.HeadLength),
            RmsNormNode n => (n.Groups, n.Input.Width / n.Groups),
            LayerNormNode n => (n.Groups, n.Input.Width / n.Groups),
            _ => (0, 0),
        };
        return _uses.Readers(node.Output).All(r => r switch
        {
            AttentionNode a => a.Value.Id != node.Output.Id && length == a.KeyLength && (a.Query.Id != node.Output.Id || heads == a.Heads) && (a.Key.Id != node.Output.Id || heads == a.KeyHeads),
            BidirectionalAttentionNode a => a.Value.Id != node.Output.Id && length == a.KeyLength && (a.Query.Id != node.Output.Id || heads == a.Heads) && (a.Key.Id != node.Output.Id || heads == a.KeyHeads),
            RopeNode rope => node is not RopeNode && rope.Heads == heads && rope.HeadLength == length && IntoAttention(rope),
            _ => false,
        });
    }
}
