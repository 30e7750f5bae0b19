using Tessera.Kernels.Common;
using Tessera.Kernels.Cpu.Cache;
using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Linear.Transcoding;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>
/// Turns a graph into stages. Norms and gates are made as the rows of the product or sum that reads them, norms of heads and rotations happen in attention, products
/// that share an input share a stage, a factor and a sum behind a product are applied by it, and a range of columns is a view. What cannot be fused is stored by a
/// stage of its own.
/// </summary>
internal sealed unsafe partial class GraphLowering
{
    private readonly BackendRequest _request;
    private readonly ModelGraph _graph;
    private readonly GraphUses _uses;
    private readonly KernelChoice _kernels;
    private readonly NativeTiles _tiles;
    private readonly NativeRowDots _rowDots;
    private readonly NativeHalves? _halves;
    private readonly string _refusedHalves = "";
    private readonly NativeArena _arena;
    private readonly bool _exact, _wide;
    private readonly int _runRows;
    private readonly Fusions _fusions;
    private readonly LaneSizes _sizes = new();
    private readonly List<string> _explanation = [];
    private readonly List<Stage> _stages = [];
    private readonly List<IReadOnlyList<ValueBuffer>> _touched = [];
    private readonly List<CacheBlocks> _groups = [];
    private readonly List<Turns> _turns = [];
    private readonly List<ValueBuffer> _values = [];
    private readonly Dictionary<int, ValueBuffer> _stored = [];
    private readonly Dictionary<int, RowSource> _sources = [];
    private readonly Dictionary<int, GraphNode> _intoAttention = [];
    private readonly HashSet<int> _pooled = [];
    private readonly HashSet<string> _views = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, bool IsOffset), nint> _vectors = [];
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

    public GraphLowering(BackendRequest request, CpuIsa isa, Fusions fusions, NativeArena arena, Transcoder? transcoder = null)
    {
        _fusions = fusions;
        _request = request;
        _graph = request.Graph;
        _arena = arena;
        _uses = new GraphUses(_graph);
        _exact = request.Limits.Activations == ActivationPrecision.Float32;
        _wide = isa.Avx512;
        _tiles = arena.Own(new NativeTiles(request.Tiles, isa));
        _rowDots = arena.Own(new NativeRowDots(request.Tiles, isa));
        _kernels = new KernelChoice(request.Quantizations, request.Limits.Activations, isa, _tiles, _rowDots, _explanation, transcoder);
        // Elsewhere vectors of 512 bits widen halves as they read them, or there are no vectors.
        if (request.Limits.KvType == KvType.F16 && isa is { Avx2: true, Avx512: false } && NativeHalves.Find(request.Tiles, out _refusedHalves) is { } halves)
            _halves = arena.Own(halves);
        int group = _graph.Nodes.Select(n => n switch { AttentionNode a => a.Heads / Math.Max(1, a.KeyHeads), BidirectionalAttentionNode a => a.Heads / Math.Max(1, a.KeyHeads), _ => 1 }).DefaultIfEmpty(1).Max();
        _runRows = Math.Clamp(32 / Math.Max(1, group), 1, 8);
        foreach (CacheGroup cacheGroup in _graph.CacheGroups)
            _groups.Add(new CacheBlocks(cacheGroup, request.Limits, request.KvBudget));
    }

    /// <summary>Lowers the graph and takes all memory.</summary>
    public LoweredPlan Lower()
    {
        Emit(new BeginStage(_groups, _turns), []);
        OutputArea logits = new(null, 0);
        foreach (GraphNode node in _graph.Nodes)
        {
            ShapeCheck.Require(node);
            FollowPool(node);
            if (node is LmHeadNode head)
                logits = LmHead(head);
            else if (!_done.Contains(node.Name))
                Lower(node);
        }
        OutputArea hidden = Hidden(), pooled = Pooled();
        FeatureMajor? features = (_fusions & Fusions.Features) == 0 ? null : FeaturePlan.Choose(_stages, _touched, _values, _kernels.TileWidth, _request, _sizes, _explanation);
        FeatureMajor? attention = features is null ? null : FeaturePlan.ForAttention(_stages, features);
        for (int i = 0; attention is not null && i < _turns.Count; i++)
            _turns[i].TakeFeatures(attention, _request.Limits, _arena);
        BufferPlan.Place(_values, FeaturePlan.Rows(_request.Limits.MaxRows, features), _arena);
        PlaceShared();
        return new LoweredPlan
        {
            Stages = _stages,
            Groups = _groups,
            Turns = _turns,
            Explanation = _explanation,
            Arena = _arena,
            Check = new BatchCheck(_graph, _request.Limits, _groups),
            Step = new Step(_request.Limits, _stages, _request.Team.LaneCount, _runRows, _arena) { Features = features, AttentionFeatures = attention },
            Lanes = [.. Enumerable.Range(0, _request.Team.LaneCount).Select(i => new Lane(i, _request.Team.LaneCount, _sizes, _arena))],
            Team = _request.Team,
            Logits = logits,
            Hidden = hidden,
            Pooled = pooled,
        };
    }

    /// <summary>What has built-in kernels although there are plugins with machine code.</summary>
    public IReadOnlyList<string> WithoutMachineCode => _request.Tiles.Count == 0 ? [] : [.. _tiles.Refused, .. _rowDots.Refused, .. _refusedHalves.Length > 0 ? [$"halves ({_refusedHalves})"] : (string[])[]];

    private void Lower(GraphNode node)
    {
        switch (node)
        {
            case EmbedNode n:
                Embed(n);
                break;
            case RmsNormNode or LayerNormNode:
                Norm(node);
                break;
            case ActivationNode n:
                SourceOrStore(n, new GateSource(n.Activation, Stored(n.Input), null, 0, _exact), Fusions.Gates);
                break;
            case GatedActivationNode n:
                SourceOrStore(n, new GateSource(n.Activation, Stored(n.Gate), Stored(n.Up), n.Limit, _exact), Fusions.Gates);
                break;
            case LinearNode n:
                Products(n);
                break;
            case HeadLinearNode n:
                HeadProducts(n);
                break;
            case AddNode n:
                bool first = _sources.ContainsKey(n.A.Id);
                Store(n, new SumSource(Stored(first ? n.B : n.A), Source(first ? n.A : n.B)));
                break;
            case ScaleNode n:
                SourceOrStore(n, new ScaleSource(Stored(n.Input), n.Factor));
                break;
            case SliceNode { Groups: 1 } n:
                _stored.Add(n.Output.Id, Stored(n.Input).View(n.Offset, n.Output.Width));
                _views.Add(n.Name);
                break;
            case SliceNode n:
                SourceOrStore(n, new SliceSource(Stored(n.Input), n.Groups, n.Offset, n.Output.Width));
                break;
            case ConcatNode n:
                SourceOrStore(n, new ConcatSource(Stored(n.A), Stored(n.B), n.Groups, n.BIsShared, n.Output.Width));
                break;
            case RopeNode n:
                if (IntoAttention(n))
                    _intoAttention.Add(n.Output.Id, n);
                else
                    Store(n, new RopeSource(Stored(n.Input), n.Heads, n.HeadLength, n.Offset, TurnsOf(n.Table)));
                break;
            case AttentionNode n:
                Attention(n);
                break;
            case BidirectionalAttentionNode n:
                Attention(n);
                break;
            case PoolNode n:
                Pool(n);
                break;
            case MixtureOfExpertsNode n:
                Experts(n);
                break;
            default:
                throw new UnsupportedModelException($"cpu: node '{node.Name}': operation '{node.Operation}' revision {node.Revision} has no kernel");
        }
    }

    private OutputArea Hidden()
    {
        if (_graph.Logits is not null && _uses.Maker(_graph.Logits) is not LmHeadNode)
            throw new UnsupportedModelException($"cpu: node '{_uses.Maker(_graph.Logits).Name}': expected the graph's logits to be made by an lm_head");
        RowSource source = Source(_graph.Hidden);
        int stride = (source.Width + 15) & ~15;
        float* data = _arena.Floats((long)stride * _request.Limits.MaxOutputs);
        Emit(new HiddenStage(source, data, stride), source.Reads);
        return new OutputArea(data, stride);
    }

    // A value that only matrix products (and the final outputs) read is made as their rows; one that only a sum reads, where the sum is.
    private void SourceOrStore(GraphNode node, RowSource source, Fusions kind = Fusions.None)
    {
        IReadOnlyList<GraphNode> readers = _uses.Readers(node.Output);
        if ((_fusions & kind) == kind && (readers.All(r => r is LinearNode or HeadLinearNode or LmHeadNode or PoolNode || (r is MixtureOfExpertsNode m && m.Router.Id != node.Output.Id)) || (readers is [AddNode sum] && !IsResult(node.Output) && IsThere(sum, node.Output))))
            _sources.Add(node.Output.Id, source);
        else
            Store(node, source);
    }

    // Whether the other side of a sum is stored already.
    private bool IsThere(AddNode sum, GraphValue one) => sum.A.Id != sum.B.Id && _stored.ContainsKey((sum.A.Id == one.Id ? sum.B : sum.A).Id);

    private void Store(GraphNode node, RowSource source)
    {
        ValueBuffer output = NewValue(node.Output);
        Emit(new StoreStage(source, output, SetOf(node)), node, [.. source.Reads, output]);
        _explanation.Add($"{node.Name}: {source.Description}, stored");
    }

    private void Emit(Stage stage, GraphNode node, params ReadOnlySpan<ValueBuffer> touched)
    {
        Emit(stage, touched.ToArray());
        _done.Add(node.Name);
    }

    private void Emit(Stage stage, IReadOnlyList<ValueBuffer> touched)
    {
        foreach (ValueBuffer value in touched)
            value.LastStage = _stages.Count;
        _touched.Add(touched);
        _stages.Add(stage);
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

    private bool IsResult(GraphValue value) => value.Id == _graph.Hidden.Id || value.Id == _graph.Logits?.Id || value.Id == _graph.Pooled?.Id;

    // A node is done when its stage is there; one that was fused into its readers, or is a view, when theirs are.
    private bool IsDone(GraphNode node) =>
        _done.Contains(node.Name)
        || ((_sources.ContainsKey(node.Output.Id) || _intoAttention.ContainsKey(node.Output.Id) || _views.Contains(node.Name)) && !IsResult(node.Output) && _uses.Readers(node.Output).All(IsDone));

    private Turns TurnsOf(RopeTable table)
    {
        if (_turns.Find(t => ReferenceEquals(t.Table, table) || t.Table == table) is { } known)
            return known;
        Turns turns = new(table, _request.Limits, _arena);
        _turns.Add(turns);
        return turns;
    }

    // A norm's weight, a bias or a score, as floats.
    private float* Vector(GraphNode node, WeightTensor? weight, bool isOffset = false)
    {
        if (weight is null)
            return null;
        if (_vectors.TryGetValue((weight.Name, isOffset), out nint known))
            return (float*)known;
        int count = checked((int)(weight.Rows * weight.Columns));
        float* vector = _arena.Floats(count);
        IQuantization quantization = _kernels.Quantization(node, weight);
        int done = 0;
        foreach (WeightTensor slice in KernelChoice.Slices(weight))
        {
            int values = checked((int)(slice.Rows * slice.Columns));
            quantization.Dequantize(slice, 0, checked((int)slice.Rows), new Span<float>(vector, count).Slice(done, values));
            done += values;
        }
        for (int i = 0; i < count && isOffset; i++)
            vector[i] += 1;
        _vectors.Add((weight.Name, isOffset), (nint)vector);
        return vector;
    }

    // Memory that stages take one after the other.
    private void PlaceShared()
    {
        long bytes = 0, panelBytes = 0;
        foreach (ProductStage stage in _stages.OfType<ProductStage>())
        {
            int rows = stage.Set == RowSet.Logits ? _request.Limits.MaxOutputs : _request.Limits.MaxRows;
            bytes = Math.Max(bytes, stage.PreparedBytes(rows));
            panelBytes = Math.Max(panelBytes, stage.PanelBytes(rows));
        }
        bytes = Math.Max(bytes, _experts.Select(e => e.PreparedBytes).DefaultIfEmpty().Max());
        panelBytes = Math.Max(panelBytes, _experts.Select(e => e.PanelBytes).DefaultIfEmpty().Max());
        byte* prepared = _arena.Take(bytes), panels = _arena.Take(panelBytes);
        foreach (ProductStage stage in _stages.OfType<ProductStage>())
        {
            stage.Prepared = prepared;
            stage.Panels = panels;
        }
        byte* kept = _arena.Take(_stages.OfType<AttentionStage>().Select(s => s.KeptBytes(_request.Limits)).DefaultIfEmpty().Max());
        byte* sums = _arena.Take(_stages.OfType<AttentionStage>().Select(s => s.SharedBytes).DefaultIfEmpty().Max());
        foreach (AttentionStage stage in _stages.OfType<AttentionStage>())
        {
            stage.Kept = kept;
            stage.SharedSums = sums;
        }
        if (_experts.Count == 0)
            return;
        byte* gated = _arena.Take(_experts.Max(e => e.InnerBytes));
        byte* routes = _arena.Take(_experts.Max(e => e.RouteBytes));
        foreach (ExpertPlan plan in _experts)
        {
            plan.Prepared = prepared;
            plan.Panels = panels;
            plan.Gated = gated;
            plan.Routes = routes;
        }
    }
}
