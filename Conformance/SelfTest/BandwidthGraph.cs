using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.SelfTest;

/// <summary>A row that is multiplied with several matrices of a type: what a step takes is the time to read them.</summary>
internal sealed class BandwidthGraph : IDisposable
{
    private const int Columns = 4096, PatternRows = 16;
    private readonly MemoryFile _row, _matrices;
    private readonly InlineWorkTeam _team = new();
    private readonly IQuantization _type;
    private readonly ModelGraph _graph;

    /// <summary>Makes the matrices.</summary>
    /// <param name="type">Their type, which is an <see cref="IQuantizer"/>.</param>
    /// <param name="bytes">About how many bytes they have together.</param>
    /// <param name="count">How many there are.</param>
    public BandwidthGraph(IQuantization type, long bytes, int count)
    {
        _type = type;
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, PatternRows * Columns).Select(_ => (random.NextSingle() - 0.5f) / 32)];
        byte[] pattern = new byte[((IQuantizer)type).QuantizedBytes(values.Length)];
        ((IQuantizer)type).Quantize(values, pattern);
        int rows = (int)Math.Clamp(bytes / count / pattern.Length, 1, 4096) * PatternRows;
        long each = (long)rows / PatternRows * pattern.Length;
        byte[] all = new byte[checked(each * count)];
        for (long at = 0; at < all.Length; at += pattern.Length)
            pattern.CopyTo(all.AsSpan((int)at));
        _row = MemoryFile.Of(values.AsSpan(0, Columns));
        _matrices = new MemoryFile("matrices", all);
        Bytes = all.Length;
        GraphValue x = new(0, "x", Columns);
        List<GraphNode> nodes = [new EmbedNode("row", x, _row.Tensor("row", "f32", 1, Columns))];
        for (int i = 0; i < count; i++)
        {
            WeightTensor matrix = new() { Name = $"matrix.{i}", Shape = [rows, Columns], Quantization = type.Id, Parts = [new WeightPart("data", _matrices, i * each, each)] };
            nodes.Add(new LinearNode($"product.{i}", x, new GraphValue(i + 1, $"y.{i}", rows), matrix));
        }
        _graph = new ModelGraph { Nodes = nodes, CacheGroups = [], VocabularySize = 1, Hidden = nodes[^1].Output, Logits = null };
        Limits = new RuntimeLimits { MaxRows = 1, MaxOutputs = 1, MaxSequences = 1, MaxContext = 16 };
    }

    /// <summary>Bytes of all matrices.</summary>
    public long Bytes { get; }

    /// <summary>The sizes that runtimes are built for.</summary>
    public RuntimeLimits Limits { get; }

    /// <summary>Builds it.</summary>
    public IModelRuntime Build(IKernelBackend backend) => backend.Build(new BackendRequest
    {
        Graph = _graph,
        Limits = Limits,
        Team = _team,
        Quantizations = new QuantizationRegistry(_type.Id == "f32" ? [_type] : [new F32(), _type]),
        KvBudget = new FixedBudget(),
    });

    public void Dispose()
    {
        _row.Dispose();
        _matrices.Dispose();
        _team.Dispose();
    }
}
