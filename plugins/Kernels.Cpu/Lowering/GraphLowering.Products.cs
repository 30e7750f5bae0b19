using Tessera.Kernels.Common;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Plan;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Matrix products, and what happens to their results on the way.</summary>
internal sealed unsafe partial class GraphLowering
{
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
            LinearKernel kernel = _kernels.Choose(node, node.Weight, InputOf(node.Input));
            float* bias = Vector(node, node.Bias);
            (ValueBuffer output, float factor, ValueBuffer? residual) = Result(node, _uses.Order(first), touched);
            products.Add(new Product(kernel, output) { Bias = bias, Factor = factor, Residual = residual });
        }
        Emit(new ProductStage(_stages.Count, input, products, SetOf(first), _request.Team.LaneCount, _kernels.TileWidth, _sizes), first, [.. touched]);
        foreach (LinearNode node in nodes)
            _done.Add(node.Name);
    }

    private ProductInput InputOf(GraphValue value) => _uses.Maker(value) switch
    {
        RmsNormNode or LayerNormNode => ProductInput.Norm,
        ActivationNode or GatedActivationNode => ProductInput.Gate,
        _ => ProductInput.Other,
    };

    // Each head's rows of the matrix take a part of the input and make a part of the output.
    private void HeadProducts(HeadLinearNode n)
    {
        int heads = (int)n.Weight.Shape[0], rows = (int)n.Weight.Shape[1];
        RowSource input = Source(n.Input);
        LinearKernel kernel = _kernels.Choose(n, n.Weight);
        ValueBuffer output = NewValue(n.Output);
        Product[] products = [.. Enumerable.Range(0, heads).Select(h => new Product(kernel, output.View(h * rows, rows)) { FirstRow = h * rows, Part = h })];
        Emit(new ProductStage(_stages.Count, input, products, RowSet.All, _request.Team.LaneCount, _kernels.TileWidth, _sizes, heads), n, [.. input.Reads, .. products.Select(p => p.Output)]);
        _explanation.Add($"{n.Name}: {heads} products of {rows} rows, each with its head's part of the input, in one stage");
    }

    private OutputArea LmHead(LmHeadNode n)
    {
        if (_graph.Logits is null || n.Output.Id != _graph.Logits.Id || _uses.Readers(n.Output).Count > 0)
            throw new UnsupportedModelException($"cpu: node '{n.Name}': expected to make the graph's logits, which no node reads");
        RowSource input = Source(n.Input);
        // Not one of the values that share memory: its rows are outputs, and stay until the next step.
        ValueBuffer output = new(n.Output.Width, _stages.Count);
        output.Place(_arena.Floats((long)output.Stride * _request.Limits.MaxOutputs));
        Product product = new(_kernels.Choose(n, n.Weight), output) { Bias = Vector(n, n.Bias), Factor = n.Scale, Cap = n.SoftCap, Exact = _exact };
        Emit(new ProductStage(_stages.Count, input, [product], RowSet.Logits, _request.Team.LaneCount, _kernels.TileWidth, _sizes), n, [.. input.Reads]);
        return new OutputArea(output.Data, output.Stride);
    }

    private void Embed(EmbedNode n)
    {
        IQuantization quantization = _kernels.Quantization(n, n.Weight);
        ScaleNode? scale = OnlyReader(n.Output) as ScaleNode;
        _explanation.Add($"{n.Weight.Name} {n.Weight.ShapeText} {n.Weight.Quantization}: rows dequantized for the embedding of {n.Index switch { EmbedIndex.Token => "tokens", EmbedIndex.Position => "positions", _ => "token types" }}{(scale is null ? "" : $", times {scale.Factor}")}");
        Emit(new EmbedStage(n, quantization, scale?.Factor ?? 1, NewValue(scale?.Output ?? n.Output)), n);
        if (scale is not null)
            _done.Add(scale.Name);
    }

    // Where a product's result goes: through a factor and a sum that are its only readers, where the sum's other side is there before the given place.
    private (ValueBuffer Output, float Factor, ValueBuffer? Residual) Result(GraphNode node, int place, List<ValueBuffer> touched, bool mayOverwrite = true)
    {
        GraphValue result = node.Output;
        float factor = 1;
        if (OnlyReader(result) is ScaleNode scale)
        {
            (result, factor) = (scale.Output, scale.Factor);
            _done.Add(scale.Name);
        }
        ValueBuffer? residual = null;
        ValueBuffer output;
        if (OnlyReader(result) is AddNode sum && IsThere(sum, result) && _uses.Order(_uses.Maker(Other(sum, result))) < place)
        {
            GraphValue other = Other(sum, result);
            residual = Stored(other);
            bool inPlace = mayOverwrite && residual.Whole == residual && touched.TrueForAll(t => t.Whole != residual) && !IsResult(other)
                && _uses.Readers(other).All(r => r.Name == sum.Name || IsDone(r));
            output = inPlace ? _stored[sum.Output.Id] = residual : NewValue(sum.Output);
            touched.Add(residual);
            _done.Add(sum.Name);
        }
        else
            output = NewValue(result);
        touched.Add(output);
        return (output, factor, residual);
    }

    private GraphNode? OnlyReader(GraphValue value) => !IsResult(value) && _uses.Readers(value) is [GraphNode reader] ? reader : null;

    private static GraphValue Other(AddNode sum, GraphValue one) => sum.A.Id == one.Id ? sum.B : sum.A;
}
