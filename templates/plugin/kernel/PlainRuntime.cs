using System.Runtime.InteropServices;
using Tessera.Abstractions;
using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Graphs;

namespace Acme.Plugin;

/// <summary>Runs a graph node by node, row by row. Every value of the graph has a buffer of its own; weights are dequantized row by row when they are needed.</summary>
internal sealed unsafe class PlainRuntime : IModelRuntime
{
    private readonly BackendRequest _request;
    private readonly float*[] _values;
    private readonly int[] _widths, _blocks;
    private readonly float[] _weightRow;
    private readonly int[] _hiddenRows, _logitRows;
    private bool _completed;

    public PlainRuntime(BackendRequest request)
    {
        _request = request;
        ModelGraph graph = request.Graph;
        int count = graph.Nodes.Max(n => n.Output.Id) + 1;
        (_values, _widths, _blocks) = (new float*[count], new int[count], new int[graph.CacheGroups.Count]);
        foreach (GraphNode node in graph.Nodes)
        {
            _widths[node.Output.Id] = node.Output.Width;
            _values[node.Output.Id] = (float*)NativeMemory.AlignedAlloc(checked((nuint)request.Limits.MaxRows * (nuint)node.Output.Width * sizeof(float)), 64);
            ScratchBytes += (long)request.Limits.MaxRows * node.Output.Width * sizeof(float);
        }
        _weightRow = new float[graph.Nodes.SelectMany(n => n.Weights).Max(w => checked((int)w.Columns))];
        (_hiddenRows, _logitRows) = (new int[request.Limits.MaxRows], new int[request.Limits.MaxRows]);
    }

    /// <inheritdoc/>
    public long ScratchBytes { get; }

    /// <inheritdoc/>
    public void Submit(Batch batch)
    {
        (int hidden, int logits) = (0, 0);
        for (int row = 0; row < batch.RowCount; row++)
        {
            if ((batch.Outputs[row] & RowOutputs.Hidden) != 0)
                _hiddenRows[hidden++] = row;
            if ((batch.Outputs[row] & RowOutputs.Logits) != 0)
                _logitRows[logits++] = row;
        }
        _completed = false;
        foreach (GraphNode node in _request.Graph.Nodes)
        {
            if (batch.Abort)
                return;
            Compute(node, batch);
        }
        _completed = true;
    }

    /// <inheritdoc/>
    public bool Wait() => _completed;

    /// <inheritdoc/>
    public float* Logits(int output) => Row(_request.Graph.Logits!, _logitRows[output]);

    /// <inheritdoc/>
    public float* Hidden(int output) => Row(_request.Graph.Hidden, _hiddenRows[output]);

    /// <summary>None of its operations keeps anything in the cache.</summary>
    public long BlockBytes(int group) => 0;

    /// <inheritdoc/>
    public bool TryGrow(int group, int blocks)
    {
        _blocks[group] += blocks;
        return true;
    }

    /// <inheritdoc/>
    public void Shrink(int group, int blocks) => _blocks[group] -= blocks;

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain() => [.. _request.Graph.Nodes.Select(n => $"{n.Name}: {n.Operation}, plain loops")];

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < _values.Length; i++)
        {
            NativeMemory.AlignedFree(_values[i]);
            _values[i] = null;
        }
    }

    private void Compute(GraphNode node, Batch batch)
    {
        switch (node)
        {
            case EmbedNode embed:
                for (int row = 0; row < batch.RowCount; row++)
                    Dequantize(embed.Weight, batch.Tokens[row], Span(embed.Output, row));
                break;
            case RmsNormNode norm:
                Span<float> weight = _weightRow.AsSpan(0, norm.Output.Width);
                Dequantize(norm.Weight, 0, weight);
                for (int row = 0; row < batch.RowCount; row++)
                    RmsNorm(Span(norm.Input, row), weight, norm.Epsilon, Span(norm.Output, row));
                break;
            case LinearNode linear:
                Multiply(linear.Weight, linear.Bias, linear.Input, linear.Output, batch.RowCount);
                break;
            case LmHeadNode head:
                Multiply(head.Weight, null, head.Input, head.Output, batch.RowCount);
                break;
            case AddNode add:
                for (int row = 0; row < batch.RowCount; row++)
                    for (int i = 0; i < add.Output.Width; i++)
                        Span(add.Output, row)[i] = Span(add.A, row)[i] + Span(add.B, row)[i];
                break;
            default:
                throw new UnsupportedModelException($"acme.plugin: node '{node.Name}' asks for {node.Operation}");
        }
    }

    private static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> result)
    {
        double squares = 0;
        foreach (float value in x)
            squares += value * value;
        float scale = (float)(1 / Math.Sqrt(squares / x.Length + epsilon));
        for (int i = 0; i < x.Length; i++)
            result[i] = x[i] * scale * weight[i];
    }

    /// <summary>A row of the weight is dequantized once, and used for all rows of the batch.</summary>
    private void Multiply(WeightTensor weight, WeightTensor? bias, GraphValue input, GraphValue output, int rows)
    {
        Span<float> column = _weightRow.AsSpan(0, input.Width);
        for (int o = 0; o < output.Width; o++)
        {
            Dequantize(weight, o, column);
            for (int row = 0; row < rows; row++)
                Span(output, row)[o] = Dot(Span(input, row), column);
        }
        if (bias is null)
            return;
        Span<float> offsets = _weightRow.AsSpan(0, output.Width);
        Dequantize(bias, 0, offsets);
        for (int row = 0; row < rows; row++)
            for (int o = 0; o < output.Width; o++)
                Span(output, row)[o] += offsets[o];
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private void Dequantize(WeightTensor weight, long row, Span<float> values) => _request.Quantizations.Find(weight.Quantization)!.Dequantize(weight, row, 1, values);

    private float* Row(GraphValue value, int row) => _values[value.Id] + (long)row * _widths[value.Id];

    private Span<float> Span(GraphValue value, int row) => new(Row(value, row), value.Width);
}
