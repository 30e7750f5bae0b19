namespace Tessera.Conformance.Interpreter;

/// <summary>A graph's weights, dequantized once by their definitions.</summary>
internal sealed class ReferenceWeights
{
    private readonly Dictionary<WeightTensor, float[]> _values = [];

    /// <summary>Dequantizes every weight of the graph.</summary>
    /// <exception cref="UnsupportedModelException">No plugin provides a quantization, or a weight is larger than an array.</exception>
    public ReferenceWeights(ModelGraph graph, IQuantizationRegistry quantizations)
    {
        foreach (WeightTensor weight in graph.Nodes.SelectMany(n => n.Weights))
            if (!_values.ContainsKey(weight))
                _values.Add(weight, Dequantize(weight, quantizations));
    }

    /// <summary>All values, row-major.</summary>
    public ReadOnlySpan<float> All(WeightTensor weight) => _values[weight];

    /// <summary>Bytes of the values.</summary>
    public long Bytes => _values.Values.Sum(v => (long)v.Length * sizeof(float));

    private static float[] Dequantize(WeightTensor weight, IQuantizationRegistry quantizations)
    {
        IQuantization quantization = quantizations.Find(weight.Quantization)
            ?? throw new UnsupportedModelException($"tensor '{weight.Name}' is of type '{weight.Quantization}', which no loaded plugin provides");
        if (weight.Rows > Array.MaxLength / weight.Columns)
            throw new UnsupportedModelException($"tensor '{weight.Name}' {weight.ShapeText}: the reference holds at most {Array.MaxLength} values of a tensor");
        float[] values = new float[weight.Rows * weight.Columns];
        IReadOnlyList<WeightTensor> slices = weight.Stack.Count > 0 ? weight.Stack : [weight];
        int done = 0;
        foreach (WeightTensor slice in slices)
        {
            quantization.Validate(slice);
            int count = checked((int)(slice.Rows * slice.Columns));
            quantization.Dequantize(slice, 0, (int)slice.Rows, values.AsSpan(done, count));
            done += count;
        }
        return done == values.Length ? values : throw new ModelFormatException($"tensor '{weight.Name}' {weight.ShapeText}: its {slices.Count} slices have {done} values");
    }
}
