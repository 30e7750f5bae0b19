using Tessera.Kernels.Common;
using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Lowering;

/// <summary>Matrix products and norms, with the sums that they take in.</summary>
internal sealed partial class GraphLowering
{
    private void Linear(LinearNode n)
    {
        StoredWeight weight = _weights.Matrix(n, n.Weight);
        DeviceValue input = Stored(n.Input);
        GraphValue result = n.Output;
        float factor = 1;
        if (OnlyReader(result) is ScaleNode scale)
        {
            ShapeCheck.Require(scale);
            (result, factor) = (scale.Output, scale.Factor);
            _done.Add(scale.Name);
        }
        DeviceValue? residual = null;
        if (OnlyReader(result) is AddNode sum && sum.A.Id != sum.B.Id && _stored.TryGetValue((sum.A.Id == result.Id ? sum.B : sum.A).Id, out residual))
        {
            ShapeCheck.Require(sum);
            result = sum.Output;
            _done.Add(sum.Name);
        }
        DeviceValue output = NewValue(result);
        ProductArguments arguments = Arguments(n.Weight, n.Bias, factor) with { HasResidual = residual is null ? 0u : 1u };
        Emit(new ProductStage(KernelsOf(weight.Type), weight.Range, input, _weights.Vector(n, n.Bias), residual, output, SetOf(n), arguments), input, residual ?? input, output);
        Say(n.Weight, weight, $"{(factor == 1 ? "" : $", times {factor}")}{(residual is null ? "" : ", residual added")}");
    }

    private DeviceBuffer LmHead(LmHeadNode n)
    {
        if (_graph.Logits is null || n.Output.Id != _graph.Logits.Id || _uses.Readers(n.Output).Count > 0)
            throw new UnsupportedModelException($"metal: node '{n.Name}': expected to make the graph's logits, which no node reads");
        StoredWeight weight = _weights.Matrix(n, n.Weight);
        DeviceValue input = Stored(n.Input), wanted = NewValue(n.Input.Width);
        Emit(new GatherStage(Kernel("gather", "elements"), input, RowSet.Head, wanted), input, wanted);
        DeviceBuffer logits = _scratch.Take((long)_request.Limits.MaxOutputs * n.Output.Width * sizeof(float), isShared: true);
        DeviceValue output = new(n.Output.Width, _stages.Count);
        output.Place(logits.At(0));
        ProductArguments arguments = Arguments(n.Weight, n.Bias, n.Scale) with { Cap = n.SoftCap };
        Emit(new ProductStage(KernelsOf(weight.Type), weight.Range, wanted, _weights.Vector(n, n.Bias), null, output, RowSet.Head, arguments), wanted);
        Emit(_best = new BestStage(logits, n.Output.Width, _request.Limits, _scratch, _device));
        Say(n.Weight, weight, $", logits{(n.SoftCap == 0 ? "" : $" capped at {n.SoftCap}")}, up to {BestStage.MaxBest} best tokens of a row");
        return logits;
    }

    private static ProductArguments Arguments(WeightTensor weight, WeightTensor? bias, float factor) => new()
    {
        Rows = (uint)weight.Rows,
        Columns = (uint)weight.Columns,
        InputStride = (uint)weight.Columns,
        OutputStride = (uint)weight.Rows,
        HasBias = bias is null ? 0u : 1u,
        Used = 1,
        Factor = factor,
    };

    private void Say(WeightTensor tensor, StoredWeight weight, string extras) =>
        _explanation.Add($"{tensor.Name} {tensor.ShapeText} {tensor.Quantization}: {weight.Type} product{(KernelsOf(weight.Type).Tile is null ? "" : $", tiles from {ProductKernels.TileFrom} rows on")}, {weight.How}{extras}");

    // A sum whose next reader in order is a norm of whole rows is made by the norm.
    private void Add(AddNode n)
    {
        GraphNode? next = _uses.Readers(n.Output) is [GraphNode first, ..] ? first : null;
        if (n.A.Id != n.B.Id && next is (RmsNormNode { Groups: 1 } or LayerNormNode { Groups: 1 }) && !_done.Contains(next.Name) && _uses.Order(next) == _uses.Order(n) + 1)
        {
            ShapeCheck.Require(next);
            FollowPool(next);
            Norm(next, Stored(n.A), Stored(n.B), n.Output);
            _done.Add(next.Name);
        }
        else
            Element(n, "add", Stored(n.A), Stored(n.B), new ElementArguments { Width = (uint)n.Output.Width });
    }

    private void Norm(GraphNode node, DeviceValue? a, DeviceValue? b, GraphValue? sum)
    {
        (GraphValue input, int groups, WeightTensor weight, WeightTensor? bias, bool isOffset, float epsilon, string name) = node switch
        {
            RmsNormNode n => (n.Input, n.Groups, n.Weight, null, n.WeightIsOffset, n.Epsilon, "rms_norm"),
            LayerNormNode n => (n.Input, n.Groups, n.Weight, n.Bias, false, n.Epsilon, "layer_norm"),
            _ => throw new InvalidOperationException($"{node.GetType().Name} is no norm"),
        };
        NormArguments arguments = new()
        {
            Length = (uint)(input.Width / groups),
            Groups = (uint)groups,
            SharesWeight = weight.Rows * weight.Columns != input.Width ? 1u : 0u,
            HasBias = bias is null ? 0u : 1u,
            Epsilon = epsilon,
        };
        DeviceValue x = a ?? Stored(input);
        DeviceValue? stored = sum is null ? null : NewValue(sum);
        DeviceValue output = NewValue(node.Output);
        Emit(new NormStage(Kernel(sum is null ? name : $"add_{name}", "norm"), x, b, stored, _weights.Vector(node, weight, isOffset), _weights.Vector(node, bias), output, arguments, SetOf(node)), x, b ?? x, stored ?? x, output);
        _explanation.Add($"{node.Name}: {name}{(groups == 1 ? "" : $" of {groups} groups")}{(sum is null ? "" : ", sum on the way")}");
    }
}
