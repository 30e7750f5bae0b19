using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Checks;

/// <summary>A graph with seeded random weights, written directly in the contract's types: Llama-like, with whatever its shape adds.</summary>
public sealed partial class CheckModel : IDisposable
{
    private readonly List<MemoryFile> _files = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly CheckShape _shape;
    private readonly IQuantizationRegistry _quantizations;
    private readonly Random _random;
    private readonly CacheGroup[] _groups;
    private GraphValue _hidden = null!;
    private GraphValue? _logits, _pooled;

    /// <summary>Makes the weights and the graph.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="quantizations">f32 and the shape's quantization.</param>
    /// <exception cref="ArgumentException">The shape asks for what the quantizations do not have.</exception>
    public CheckModel(CheckShape shape, IQuantizationRegistry quantizations)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(quantizations);
        _shape = shape;
        _quantizations = quantizations;
        _random = new Random(shape.Seed);
        _groups = Groups();
        try
        {
            Build();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The number of nodes.</summary>
    public int NodeCount => _nodes.Count;

    /// <summary>The whole graph.</summary>
    public ModelGraph Graph => new()
    {
        Nodes = _nodes,
        CacheGroups = _groups,
        VocabularySize = _shape.Vocabulary,
        Hidden = _hidden,
        Logits = _logits,
        Pooled = _pooled,
    };

    /// <summary>The first nodes alone, without a head; the last one's output is the hidden state or, behind a pool, the pooled value.</summary>
    public ModelGraph Prefix(int nodes)
    {
        GraphValue last = _nodes[nodes - 1].Output;
        bool pools = _nodes.FindIndex(n => n is PoolNode) is >= 0 and var pool && pool < nodes && _nodes[nodes - 1] is not LmHeadNode;
        return new()
        {
            Nodes = _nodes[..nodes],
            CacheGroups = _groups,
            VocabularySize = _shape.Vocabulary,
            Hidden = pools ? _hidden : last,
            Logits = null,
            Pooled = pools ? last : null,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryFile file in _files)
            file.Dispose();
    }

    private GraphValue Add(string name, int width, Func<GraphValue, GraphNode> make)
    {
        GraphValue value = new(_nodes.Count, name, width);
        _nodes.Add(make(value));
        return value;
    }

    // All elements are one row, or as many rows as are asked for.
    private WeightTensor Vector(string name, int length, float mean, double deviation = 0.1, int rows = 1)
    {
        MemoryFile file = MemoryFile.Of(Gaussian(length, deviation, mean));
        _files.Add(file);
        return rows == 1 ? file.Tensor(name, "f32", length) : file.Tensor(name, "f32", rows, length / rows);
    }

    private WeightTensor Matrix(string name, int rows, int columns, double deviation) => Matrix(name, [rows, columns], deviation);

    // All dimensions but the last are rows.
    private WeightTensor Matrix(string name, long[] dimensions, double deviation)
    {
        int columns = (int)dimensions[^1], rows = (int)(dimensions.Aggregate((a, b) => a * b) / columns);
        IQuantization quantization = _quantizations.Find(_shape.Quantization) ?? throw new ArgumentException($"no quantization '{_shape.Quantization}' is registered");
        if (columns % quantization.BlockSize != 0)
            throw new ArgumentException($"'{name}': rows of {columns} are no multiple of the block size {quantization.BlockSize} of '{_shape.Quantization}'");
        WeightValues values = new(name, rows, columns, Gaussian(rows * columns, deviation, 0));
        byte[] bytes;
        if (_shape.Quantize is not null)
            bytes = _shape.Quantize(values);
        else if (quantization is IQuantizer quantizer)
            quantizer.Quantize(values.Values, bytes = new byte[quantizer.QuantizedBytes(values.Values.Length)]);
        else
            throw new ArgumentException($"quantization '{_shape.Quantization}' is no IQuantizer: give {nameof(CheckShape)}.{nameof(CheckShape.Quantize)}");
        MemoryFile file = new(name, bytes);
        _files.Add(file);
        WeightTensor weight = file.Tensor(name, _shape.Quantization, dimensions);
        quantization.Validate(weight);
        return weight;
    }

    // Box and Muller, 1958.
    private float[] Gaussian(int count, double deviation, double mean)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(mean + deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
        return values;
    }
}
