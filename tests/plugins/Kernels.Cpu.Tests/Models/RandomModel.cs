using Tessera.Conformance.Fakes;
using Tessera.Engine.Architectures;

namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>The shape of a small random model.</summary>
internal sealed record ModelShape
{
    public int Layers { get; init; } = 2;
    public int Width { get; init; } = 64;
    public int Heads { get; init; } = 4;
    public int KeyHeads { get; init; } = 2;
    public int HeadLength { get; init; } = 16;
    public int ValueLength { get; init; }
    public int Rotating { get; init; }
    public int Inner { get; init; } = 96;
    public int Vocabulary { get; init; } = 101;
    public int Window { get; init; }
    public bool Biases { get; init; }
    public RopePairing Pairing { get; init; } = RopePairing.Interleaved;
    public string Type { get; init; } = "f32";
}

/// <summary>A Llama of random weights in native memory.</summary>
internal sealed class RandomModel : IDisposable
{
    private readonly List<MemoryFile> _files = [];
    private readonly List<WeightTensor> _tensors = [];
    private readonly IQuantizationRegistry _quantizations;
    private readonly Random _random;

    public RandomModel(ModelShape shape, IQuantizationRegistry? quantizations = null, int seed = 1)
    {
        _random = new Random(seed);
        Shape = shape;
        _quantizations = Registry = quantizations ?? Quantizations.With();
        int queries = shape.Heads * shape.HeadLength, keys = shape.KeyHeads * shape.HeadLength;
        int valueHead = shape.ValueLength == 0 ? shape.HeadLength : shape.ValueLength;
        int values = shape.KeyHeads * valueHead;
        Matrix("token_embd.weight", shape.Vocabulary, shape.Width, 1);
        Vector("output_norm.weight", shape.Width, 1);
        for (int i = 0; i < shape.Layers; i++)
        {
            string l = $"blk.{i}.";
            Vector(l + "attn_norm.weight", shape.Width, 1);
            Vector(l + "ffn_norm.weight", shape.Width, 1);
            Projection(l + "attn_q", queries, shape.Width);
            Projection(l + "attn_k", keys, shape.Width);
            Projection(l + "attn_v", values, shape.Width);
            Projection(l + "attn_output", shape.Width, shape.Heads * valueHead);
            Projection(l + "ffn_gate", shape.Inner, shape.Width);
            Projection(l + "ffn_up", shape.Inner, shape.Width);
            Projection(l + "ffn_down", shape.Width, shape.Inner);
        }
        ModelSource source = new()
        {
            Format = "test",
            Tensors = [.. _tensors],
            Metadata = new ModelMetadata
            {
                Architecture = "llama",
                VocabularySize = shape.Vocabulary,
                ContextLength = 4096,
                EmbeddingLength = shape.Width,
                LayerCount = shape.Layers,
                FeedForwardLength = shape.Inner,
                NormEpsilon = 1e-5f,
                Attention = new AttentionMetadata { HeadCount = shape.Heads, KeyValueHeadCount = shape.KeyHeads, KeyLength = shape.HeadLength, ValueLength = shape.ValueLength },
                Rope = new RopeMetadata { Pairing = shape.Pairing, Dimensions = shape.Rotating },
            },
        };
        ModelGraph graph = new Llama().Build(source, 4096);
        Graph = shape.Window == 0 ? graph : new ModelGraph
        {
            Nodes = graph.Nodes,
            CacheGroups = [new CacheGroup("window", CacheKind.Window, shape.Window, graph.CacheGroups[0].Caches)],
            VocabularySize = graph.VocabularySize,
            Hidden = graph.Hidden,
            Logits = graph.Logits,
        };
    }

    public ModelShape Shape { get; }

    public ModelGraph Graph { get; }

    public IQuantizationRegistry Registry { get; }

    public int[] Tokens(int count, int seed = 3)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Shape.Vocabulary))];
    }

    public void Dispose() => _files.ForEach(f => f.Dispose());

    private void Projection(string name, int rows, int columns)
    {
        Matrix(name + ".weight", rows, columns, 1.5f / MathF.Sqrt(columns));
        if (Shape.Biases)
            Vector(name + ".bias", rows, 0);
    }

    private void Matrix(string name, int rows, int columns, float deviation) =>
        Add(name, Shape.Type, [.. Enumerable.Range(0, rows * columns).Select(_ => Normal() * deviation)], rows, columns);

    private void Vector(string name, int count, float mean) =>
        Add(name, "f32", [.. Enumerable.Range(0, count).Select(_ => mean + 0.1f * Normal())], count);

    private void Add(string name, string type, float[] values, params long[] shape)
    {
        IQuantizer quantizer = (IQuantizer)_quantizations.Find(type)!;
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        MemoryFile file = new(name, bytes);
        _files.Add(file);
        _tensors.Add(file.Tensor(name, type, shape));
    }

    private float Normal() => (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
}
