using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Checks;

/// <summary>Holds a backend to the meaning of quantization types: rows and products of a small matrix of each, with activations as they are when it serves.</summary>
public static class BackendTypes
{
    /// <summary>The greatest relative difference that is let pass: activations in bytes stay far below it, and a kernel that reads a type wrongly far above.</summary>
    public const double MaxRelative = 0.1;

    // A block of every type; few enough rows that slow quantizers do not matter.
    private const int Width = 256, Rows = 32;

    /// <summary>What is wrong, or null.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="types">The types; those that cannot quantize are left out.</param>
    public static string? Problem(IKernelBackend backend, IEnumerable<IQuantization> types)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(types);
        F32 plain = new();
        return types.Where(t => t is IQuantizer && t.Id != plain.Id && Width % t.BlockSize == 0).Select(t => Problem(backend, t, plain)).FirstOrDefault(p => p is not null);
    }

    private static string? Problem(IKernelBackend backend, IQuantization type, F32 plain)
    {
        CheckShape shape = new() { Vocabulary = Rows, Activations = ActivationPrecision.Fast, KvType = KvType.F16 };
        using MemoryFile embedding = Quantized("token_embd.weight", type, seed: 1), matrix = Quantized("blk.0.attn_q.weight", type, seed: 2), norm = MemoryFile.Of([.. Values(Width, seed: 3).Select(v => 1 + v / 8)]);
        GraphValue rows = new(0, "rows", Width), normalized = new(1, "normalized", Width), products = new(2, "products", Rows);
        GraphNode[] nodes =
        [
            new EmbedNode("token_embd", rows, embedding.Tensor(embedding.Name, type.Id, Rows, Width)),
            new RmsNormNode("blk.0.attn_norm", rows, normalized, norm.Tensor("blk.0.attn_norm.weight", plain.Id, Width), 1e-5f),
            new LinearNode("blk.0.attn_q", normalized, products, matrix.Tensor(matrix.Name, type.Id, Rows, Width), null),
        ];
        GraphNode[] declared = [.. nodes.TakeWhile(n => backend.Operations.TryGetValue(n.Operation, out int revision) && revision >= n.Revision)];
        if (declared is not [.., { } last])
            return null;
        ModelGraph graph = new() { Nodes = declared, CacheGroups = [new CacheGroup("all", CacheKind.Full, 0, [new CacheSpec("blk.0", 1, 16, 16)])], VocabularySize = Rows, Hidden = last.Output, Logits = null };
        try
        {
            CheckReport report = BackendCheck.Compare(backend, shape, graph, new QuantizationRegistry(plain, type));
            return report.MaxRelative > MaxRelative ? $"differs from the float64 reference with weights of type '{type.Id}': {report.Worst}" : null;
        }
        catch (UnsupportedModelException)
        {
            // What it refuses it does not answer wrongly.
            return null;
        }
    }

    private static MemoryFile Quantized(string name, IQuantization type, int seed)
    {
        float[] values = Values(Rows * Width, seed);
        IQuantizer quantizer = (IQuantizer)type;
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        return new MemoryFile(name, bytes);
    }

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f)];
    }
}
