using Tessera.Kernels.Cpu.Cache;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>
/// Turns a graph into stages. Norms and gates are made as the rows of the matrix product that reads them, rotations happen in attention, products that share an
/// input share a stage, and a sum whose one side is a product is added by it. What cannot be fused is stored by a stage of its own.
/// </summary>
internal sealed unsafe class GraphLowering
{
    private readonly BackendRequest _request;
    private readonly ModelGraph _graph;
    private readonly GraphUses _uses;
    private readonly KernelChoice _kernels;
    private readonly NativeArena _arena;
    private readonly bool _exact;
    private readonly int _runRows;
    private readonly LaneSizes _sizes = new();
    private readonly List<string> _explanation = [];
    private readonly List<Stage> _stages = [];
    private readonly List<CacheBlocks> _groups = [];
    private readonly List<Turns> _turns = [];
    private readonly List<ValueBuffer> _values = [];
    private readonly Dictionary<int, ValueBuffer> _stored = [];
    private readonly Dictionary<int, RowSource> _sources = [];
    private readonly Dictionary<int, RopeNode> _ropes = [];
    private readonly Dictionary<string, nint> _vectors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

    public GraphLowering(BackendRequest request, CpuIsa isa, NativeArena arena)
    {
        _request = request;
        _graph = request.Graph;
        _arena = arena;
        _uses = new GraphUses(_graph);
        _exact = request.Limits.Activations == ActivationPrecision.Float32;
        _kernels = new KernelChoice(request.Quantizations, request.Limits.Activations, isa, _explanation);
        int group = _graph.Nodes.OfType<AttentionNode>().Select(n => n.Heads / Math.Max(1, n.KeyHeads)).DefaultIfEmpty(1).Max();
        _runRows = Math.Clamp(32 / Math.Max(1, group), 1, 8);
        foreach (CacheGroup cacheGroup in _graph.CacheGroups)
            _groups.Add(new CacheBlocks(cacheGroup, request.Limits, request.KvBudget));
    }

    /// <summary>Lowers the graph and takes all memory.</summary>
    public LoweredPlan Lower()
    {
        _stages.Add(new BeginStage(_groups, _turns));
        OutputArea logits = new(null, 0);
        foreach (GraphNode node in _graph.Nodes)
        {
            ShapeCheck.Require(node);
            if (node is LmHeadNode head)
                logits = LmHead(head);
            else
                Lower(node);
        }
        OutputArea hidden = Hidden();
        BufferPlan.Place(_values, _request.Limits.MaxRows, _arena);
        PlacePrepared();
        int tokens = _graph.Nodes.OfType<EmbedNode>().Select(n => (int)Math.Min(n.Weight.Rows, int.MaxValue)).Append(_graph.VocabularySize).Min();
        return new LoweredPlan
        {
            Stages = _stages,
            Groups = _groups,
            Explanation = _explanation,
            Arena = _arena,
            Check = new BatchCheck(_graph, _request.Limits, tokens, _groups),
            Step = new Step(_request.Limits, _stages.Count, _runRows, _arena),
            Lanes = [.. Enumerable.Range(0, _request.Team.LaneCount).Select(i => new Lane(i, _request.Team.LaneCount, _sizes, _arena))],
            Team = _request.Team,
            Logits = logits,
            Hidden = hidden,
        };
    }

    private void Lower(GraphNode node)
    {
        switch (node)
        {
            case EmbedNode n:
                IQuantization quantization = _kernels.Quantization(n, n.Weight);
                _explanation.Add($"{n.Weight.Name} {n.Weight.ShapeText} {n.Weight.Quantization}: rows dequantized for the embedding");
                Emit(new EmbedStage(n.Weight, quantization, NewValue(n.Output)), n);
                break;
            case RmsNormNode n:
                SourceOrStore(n, new NormSource(Stored(n.Input), Vector(n, n.Weight), n.Epsilon));
                break;
            case GatedActivationNode { Activation: Activation.Silu } n:
                SourceOrStore(n, new GateSource(Stored(n.Gate), Stored(n.Up), _exact));
                break;
            case LinearNode n:
                if (!_done.Contains(n.Name))
                    Products(n);
                break;
            case AddNode n:
                if (!_stored.ContainsKey(n.Output.Id))
                    Store(n, new SumSource(Stored(n.A), Stored(n.B)));
                break;
            case RopeNode n:
                if (_uses.Readers(n.Output).All(r => r is AttentionNode a && Rotates(n, a)) && !IsResult(n.Output))
                    _ropes.Add(n.Output.Id, n);
                else
                    Store(n, new RopeSource(Stored(n.Input), n.Heads, n.HeadLength, TurnsOf(n.Table)));
                break;
            case AttentionNode n:
                Attention(n);
                break;
            default:
                throw new UnsupportedModelException($"cpu: node '{node.Name}': operation '{node.Operation}' revision {node.Revision} has no kernel");
        }
    }

    private void Attention(AttentionNode n)
    {
        for (int g = 0; g < _groups.Count; g++)
        {
            if (_groups[g].Layouts.FirstOrDefault(l => l.Spec.Name == n.Cache) is not { } layout)
                continue;
            if (layout.Spec.Heads != n.KeyHeads || layout.Spec.KeyLength != n.KeyLength || layout.Spec.ValueLength != n.ValueLength)
                throw new UnsupportedModelException($"cpu: node '{n.Name}': cache '{n.Cache}' holds {layout.Spec.Heads} heads of {layout.Spec.KeyLength} and {layout.Spec.ValueLength} elements, the node needs {n.KeyHeads} of {n.KeyLength} and {n.ValueLength}");
            (ValueBuffer query, Turns? queryTurns) = Rotated(n.Query);
            (ValueBuffer key, Turns? keyTurns) = Rotated(n.Key);
            AttentionInputs inputs = new(query, key, Stored(n.Value), NewValue(n.Output), queryTurns, keyTurns);
            _explanation.Add($"{n.Name}: paged attention, {n.Heads} heads over {n.KeyHeads} of {n.KeyLength}, {(layout.Half ? "f16" : "f32")} cache, 256-bit vectors{(_exact ? ", exact exponential" : "")}");
            Emit(new AttentionStage(_stages.Count, n, inputs, _groups[g], g, layout, _request.Limits, _runRows, _sizes), n, inputs.Query, inputs.Key, inputs.Value, inputs.Output);
            return;
        }
        throw new UnsupportedModelException($"cpu: node '{n.Name}': the graph has no cache '{n.Cache}'");
    }

    // All products of one input are computed where the first of them stands.
    private void Products(LinearNode first)
    {
        RowSource input = Source(first.Input);
        List<LinearNode> nodes = [.. _uses.Readers(first.Input).OfType<LinearNode>().DistinctBy(n => n.Name)];
        List<ValueBuffer> touched = [.. input.Reads];
        List<Product> products = [];
        foreach (LinearNode node in nodes)
        {
            ShapeCheck.Require(node);
            LinearKernel kernel = _kernels.Choose(node, node.Weight);
            float* bias = node.Bias is null ? null : Vector(node, node.Bias);
            if (FusedSum(node, _uses.Order(first)) is { } sum)
            {
                GraphValue other = sum.A.Id == node.Output.Id ? sum.B : sum.A;
                ValueBuffer residual = Stored(other);
                bool inPlace = !input.Reads.Contains(residual) && !touched.Contains(residual) && !IsResult(other)
                    && _uses.Readers(other).All(r => r.Name == sum.Name || IsDone(r));
                ValueBuffer output = inPlace ? _stored[sum.Output.Id] = residual : NewValue(sum.Output);
                products.Add(new Product(kernel, bias, residual, output));
                touched.AddRange(residual, output);
                _done.Add(sum.Name);
            }
            else
            {
                ValueBuffer output = NewValue(node.Output);
                products.Add(new Product(kernel, bias, null, output));
                touched.Add(output);
            }
        }
        Emit(new ProductStage(_stages.Count, input, products, logits: false, _request.Team.LaneCount, _kernels.TileWidth, _sizes), first, [.. touched]);
        foreach (LinearNode node in nodes)
            _done.Add(node.Name);
    }

    // The sum that a product can add itself: its only reader, and the other side is there already.
    private AddNode? FusedSum(LinearNode node, int place) =>
        !IsResult(node.Output) && _uses.Readers(node.Output) is [AddNode sum] && sum.A.Id != sum.B.Id
        && _stored.ContainsKey((sum.A.Id == node.Output.Id ? sum.B : sum.A).Id)
        && _uses.Order(_uses.Maker(sum.A.Id == node.Output.Id ? sum.B : sum.A)) < place
            ? sum
            : null;

    private OutputArea LmHead(LmHeadNode n)
    {
        if (_graph.Logits is null || n.Output.Id != _graph.Logits.Id || _uses.Readers(n.Output).Count > 0)
            throw new UnsupportedModelException($"cpu: node '{n.Name}': expected to make the graph's logits, which no node reads");
        RowSource input = Source(n.Input);
        // Not one of the values that share memory: its rows are outputs, and stay until the next step.
        ValueBuffer output = new(n.Output.Width, _stages.Count);
        output.Data = _arena.Floats((long)output.Stride * _request.Limits.MaxOutputs);
        Product product = new(_kernels.Choose(n, n.Weight), null, null, output);
        Emit(new ProductStage(_stages.Count, input, [product], logits: true, _request.Team.LaneCount, _kernels.TileWidth, _sizes), n, [.. input.Reads]);
        return new OutputArea(output.Data, output.Stride);
    }

    private OutputArea Hidden()
    {
        if (_graph.Logits is not null && _uses.Maker(_graph.Logits) is not LmHeadNode)
            throw new UnsupportedModelException($"cpu: node '{_uses.Maker(_graph.Logits).Name}': expected the graph's logits to be made by an lm_head");
        RowSource source = Source(_graph.Hidden);
        int stride = (source.Width + 15) & ~15;
        float* data = _arena.Floats((long)stride * _request.Limits.MaxOutputs);
        foreach (ValueBuffer read in source.Reads)
            read.LastStage = _stages.Count;
        _stages.Add(new HiddenStage(source, data, stride));
        return new OutputArea(data, stride);
    }

    // A value that only matrix products (and the final outputs) read is made as their rows.
    private void SourceOrStore(GraphNode node, RowSource source)
    {
        if (_uses.Readers(node.Output).All(r => r is LinearNode or LmHeadNode))
            _sources.Add(node.Output.Id, source);
        else
            Store(node, source);
    }

    private void Store(GraphNode node, RowSource source)
    {
        ValueBuffer output = NewValue(node.Output);
        Emit(new StoreStage(source, output), node, [.. source.Reads, output]);
        _explanation.Add($"{node.Name}: {source.Description}, stored");
    }

    private void Emit(Stage stage, GraphNode node, params ReadOnlySpan<ValueBuffer> touched)
    {
        foreach (ValueBuffer value in touched)
            value.LastStage = _stages.Count;
        _stages.Add(stage);
        _done.Add(node.Name);
    }

    private RowSource Source(GraphValue value) => _sources.TryGetValue(value.Id, out RowSource? source) ? source : new StoredSource(Stored(value));

    private ValueBuffer Stored(GraphValue value) =>
        _stored.TryGetValue(value.Id, out ValueBuffer? buffer) ? buffer : throw new UnsupportedModelException($"cpu: value '{value.Name}' of node '{_uses.Maker(value).Name}' has a reader that cannot take it");

    private ValueBuffer NewValue(GraphValue value)
    {
        ValueBuffer buffer = new(value.Width, _stages.Count);
        _values.Add(buffer);
        _stored.Add(value.Id, buffer);
        return buffer;
    }

    private (ValueBuffer Value, Turns? Turns) Rotated(GraphValue value) =>
        _ropes.TryGetValue(value.Id, out RopeNode? rope) ? (Stored(rope.Input), TurnsOf(rope.Table)) : (Stored(value), null);

    private static bool Rotates(RopeNode rope, AttentionNode attention)
    {
        bool query = attention.Query.Id == rope.Output.Id, key = attention.Key.Id == rope.Output.Id;
        return attention.Value.Id != rope.Output.Id && rope.HeadLength == attention.KeyLength
            && (!query || rope.Heads == attention.Heads) && (!key || rope.Heads == attention.KeyHeads);
    }

    private bool IsResult(GraphValue value) => value.Id == _graph.Hidden.Id || value.Id == _graph.Logits?.Id;

    // A node is done when its stage is there; one that was fused into its readers, when theirs are.
    private bool IsDone(GraphNode node) =>
        _done.Contains(node.Name)
        || ((_sources.ContainsKey(node.Output.Id) || _ropes.ContainsKey(node.Output.Id)) && !IsResult(node.Output) && _uses.Readers(node.Output).All(r => _done.Contains(r.Name)));

    private Turns TurnsOf(RopeTable table)
    {
        if (_turns.Find(t => ReferenceEquals(t.Table, table) || t.Table == table) is { } known)
            return known;
        Turns turns = new(table, _request.Limits.MaxRows, _arena);
        _turns.Add(turns);
        return turns;
    }

    // A norm's weight or a bias, as floats.
    private float* Vector(GraphNode node, WeightTensor weight)
    {
        if (_vectors.TryGetValue(weight.Name, out nint known))
            return (float*)known;
        long count = weight.Rows * weight.Columns;
        float* vector = _arena.Floats(count);
        _kernels.Quantization(node, weight).Dequantize(weight, 0, (int)weight.Rows, new Span<float>(vector, checked((int)count)));
        _vectors.Add(weight.Name, (nint)vector);
        return vector;
    }

    private void PlacePrepared()
    {
        long bytes = 0, panelBytes = 0;
        foreach (ProductStage stage in _stages.OfType<ProductStage>())
        {
            int rows = stage.IsHead ? _request.Limits.MaxOutputs : _request.Limits.MaxRows;
            bytes = Math.Max(bytes, stage.PreparedBytes(rows));
            panelBytes = Math.Max(panelBytes, stage.PanelBytes(rows));
        }
        byte* prepared = _arena.Take(bytes), panels = _arena.Take(panelBytes);
        foreach (ProductStage stage in _stages.OfType<ProductStage>())
        {
            stage.Prepared = prepared;
            stage.Panels = panels;
        }
    }
}
