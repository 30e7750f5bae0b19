using Tessera.Kernels.Common;
using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Lowering;

/// <summary>Turns a graph into stages: checks it, brings its weights onto the device, fuses sums into products and norms and rotations into attention, and plans all memory.</summary>
internal sealed partial class GraphLowering
{
    private readonly BackendRequest _request;
    private readonly ModelGraph _graph;
    private readonly MetalDevice _device;
    private readonly Scratch _scratch;
    private readonly GraphUses _uses;
    private readonly WeightStore _weights;
    private readonly bool _tiles;
    private readonly int _partitionTokens;
    private readonly List<Stage> _stages = [];
    private readonly List<CacheArena> _groups;
    private readonly List<Turns> _turns = [];
    private readonly List<DeviceValue> _values = [];
    private readonly List<string> _explanation = [];
    private readonly Dictionary<int, DeviceValue> _stored = [];
    private readonly Dictionary<int, RopeNode> _intoAttention = [];
    private readonly Dictionary<string, ProductKernels> _kernels = new(StringComparer.Ordinal);
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private BestStage? _best;

    /// <summary>Prepares to lower a request.</summary>
    /// <param name="request">The graph and its sizes.</param>
    /// <param name="device">The device.</param>
    /// <param name="scratch">Owns what the plan holds.</param>
    /// <param name="groups">Takes the cache groups, which are disposed apart.</param>
    /// <param name="partitionTokens">Tokens of a part of a context.</param>
    /// <param name="logger">Told what is transcoded.</param>
    public GraphLowering(BackendRequest request, MetalDevice device, Scratch scratch, List<CacheArena> groups, int partitionTokens, ILogger logger)
    {
        (_request, _graph, _device, _scratch, _groups, _partitionTokens) = (request, request.Graph, device, scratch, groups, partitionTokens);
        _uses = new GraphUses(_graph);
        _weights = new WeightStore(request, device, scratch, logger);
        // Half tiles sum in another order than products with few rows do.
        _tiles = !request.Limits.BatchInvariant && request.Limits.Activations == ActivationPrecision.Fast;
        foreach (CacheGroup group in _graph.CacheGroups)
            _groups.Add(new CacheArena(group, request.Limits, request.KvBudget, device));
    }

    /// <summary>Lowers the graph and takes all memory.</summary>
    public LoweredPlan Lower()
    {
        _explanation.Add($"device: {_device.Name}, {(_device.HasMatrices ? "matrices of a simdgroup" : "no matrices of a simdgroup")}, {(_tiles ? "half tiles for many rows" : "float32 sums of a row that do not depend on the others")}");
        DeviceBuffer? logits = null;
        foreach (GraphNode node in _graph.Nodes)
        {
            FollowPool(node);
            if (_done.Contains(node.Name))
                continue;
            ShapeCheck.Require(node);
            if (node is LmHeadNode head)
                logits = LmHead(head);
            else
                Lower(node);
        }
        if (_graph.Logits is not null && logits is null)
            throw new UnsupportedModelException($"metal: node '{_uses.Maker(_graph.Logits).Name}': expected the graph's logits to be made by an lm_head");
        if (_pooled.Contains(_graph.Hidden.Id))
            throw new UnsupportedModelException($"metal: node '{_uses.Maker(_graph.Hidden).Name}': expected the hidden state to have a row for each row of the batch, and it follows from a pool");
        DeviceBuffer? pooled = Pooled();
        DeviceValue final = Stored(_graph.Hidden);
        DeviceBuffer hidden = _scratch.Take((long)_request.Limits.MaxOutputs * final.Width * sizeof(float), isShared: true);
        DeviceValue wanted = new(final.Width, _stages.Count);
        wanted.Place(hidden.At(0));
        Emit(new GatherStage(Kernel("gather", "elements"), final, RowSet.All, wanted), final);
        _scratch.Place(_values, _request.Limits.MaxRows);
        return new LoweredPlan
        {
            Device = _device,
            Copies = new CopyStage(Kernel("copy_blocks", "cache", "copies"), _groups),
            Stages = _stages,
            Groups = _groups,
            Turns = _turns,
            Explanation = _explanation,
            Scratch = _scratch,
            Check = new BatchCheck(_graph, _request.Limits, _groups, _best is null ? 0 : BestStage.MaxBest),
            Step = new Step(_request.Limits, _groups, _tiles && _device.HasMatrices, _graph.Pooled is not null || _graph.NeedsWholeSequences, _scratch),
            Logits = logits,
            Best = _best,
            Hidden = hidden,
            Pooled = pooled,
            PooledWidth = _graph.Pooled?.Width ?? 0,
            VocabularySize = _graph.VocabularySize,
            HiddenWidth = final.Width,
        };
    }

    private void Lower(GraphNode node)
    {
        switch (node)
        {
            case EmbedNode n:
                Embed(n);
                break;
            case RmsNormNode or LayerNormNode:
                Norm(node, null, null, null);
                break;
            case LinearNode n:
                Linear(n);
                break;
            case ActivationNode n:
                Gate(n, n.Input, n.Input, n.Activation, hasUp: false, 0);
                break;
            case GatedActivationNode n:
                Gate(n, n.Gate, n.Up, n.Activation, hasUp: true, n.Limit);
                break;
            case AddNode n:
                Add(n);
                break;
            case ScaleNode n:
                Element(n, "scale", Stored(n.Input), null, new ElementArguments { Width = (uint)n.Output.Width, Factor = n.Factor });
                break;
            case SliceNode n:
                Element(n, "slice", Stored(n.Input), null, new ElementArguments { Width = (uint)n.Output.Width, InputWidth = (uint)n.Input.Width, Groups = (uint)n.Groups, Offset = (uint)n.Offset });
                break;
            case RopeNode n:
                Rope(n);
                break;
            case AttentionNode n:
                Attention(n);
                break;
            case MixtureOfExpertsNode n:
                Experts(n);
                break;
            case HeadLinearNode n:
                HeadLinear(n);
                break;
            case ConcatNode n:
                Concat(n);
                break;
            case BidirectionalAttentionNode n:
                RowAttention(n);
                break;
            case PoolNode n:
                Pool(n);
                break;
            default:
                throw new UnsupportedModelException($"metal: node '{node.Name}': operation '{node.Operation}' revision {node.Revision} has no kernel");
        }
    }

    private void Embed(EmbedNode n)
    {
        StoredWeight weight = _weights.Matrix(n, n.Weight);
        ScaleNode? scale = OnlyReader(n.Output) as ScaleNode;
        if (scale is not null)
        {
            ShapeCheck.Require(scale);
            _done.Add(scale.Name);
        }
        DeviceValue output = NewValue(scale?.Output ?? n.Output);
        EmbedArguments arguments = new() { Width = (uint)n.Output.Width, Offset = (uint)n.Offset, Factor = scale?.Factor ?? 1 };
        Emit(new EmbedStage(KernelsOf(weight.Type).Embed, weight.Range, n.Index, output, arguments), output);
        _explanation.Add($"{n.Weight.Name} {n.Weight.ShapeText} {n.Weight.Quantization}: rows looked up, {weight.How}{(scale is null ? "" : $", times {scale.Factor}")}");
    }

    private void Gate(GraphNode n, GraphValue gate, GraphValue up, Activation activation, bool hasUp, float limit)
    {
        DeviceValue g = Stored(gate), u = Stored(up), output = NewValue(n.Output);
        GateArguments arguments = new() { Width = (uint)output.Width, GateStride = (uint)g.Width, UpStride = (uint)u.Width, Step = 1, Activation = (uint)activation, HasUp = hasUp ? 1u : 0u, Limit = limit };
        Emit(new GateStage(Kernel("gate", "gate"), g, u, output, arguments, SetOf(n)), g, u, output);
        _explanation.Add($"{n.Name}: {activation.ToString().ToLowerInvariant()}{(hasUp ? " gate" : "")}");
    }

    private void Element(GraphNode n, string kernel, DeviceValue a, DeviceValue? b, ElementArguments arguments)
    {
        DeviceValue output = NewValue(n.Output);
        Emit(new ElementStage(Kernel(kernel, "elements"), a, b, output, arguments, SetOf(n)), a, b ?? a, output);
        _explanation.Add($"{n.Name}: {kernel}, stored");
    }

    private void Emit(Stage stage, params ReadOnlySpan<DeviceValue> touched)
    {
        foreach (DeviceValue value in touched)
            value.LastStage = _stages.Count;
        _stages.Add(stage);
    }

    private Pipeline Kernel(string name, params string[] files) => _device.Pipelines.Get(KernelText.Of(files), name);

    private ProductKernels KernelsOf(string type)
    {
        if (!_kernels.TryGetValue(type, out ProductKernels? kernels))
            _kernels.Add(type, kernels = new ProductKernels(_device, type, _tiles));
        return kernels;
    }

    private DeviceValue Stored(GraphValue value) =>
        _stored.TryGetValue(value.Id, out DeviceValue? stored) ? stored : throw new UnsupportedModelException($"metal: value '{value.Name}' of node '{_uses.Maker(value).Name}' has a reader that cannot take it");

    private DeviceValue NewValue(GraphValue value)
    {
        DeviceValue stored = NewValue(value.Width);
        _stored.Add(value.Id, stored);
        return stored;
    }

    private DeviceValue NewValue(int width)
    {
        DeviceValue value = new(width, _stages.Count);
        _values.Add(value);
        return value;
    }

    private bool IsResult(GraphValue value) => value.Id == _graph.Hidden.Id || value.Id == _graph.Logits?.Id || value.Id == _graph.Pooled?.Id;

    private GraphNode? OnlyReader(GraphValue value) => !IsResult(value) && _uses.Readers(value) is [GraphNode reader] ? reader : null;
}
