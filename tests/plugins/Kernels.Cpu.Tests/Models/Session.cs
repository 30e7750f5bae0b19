using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>A runtime with a batch and plain bookkeeping of blocks: each slot has its own, given out as it grows. Sequences are planned for the whole context.</summary>
internal sealed unsafe class Session : IDisposable
{
    private readonly InlineWorkTeam? _team;
    private readonly ModelGraph _graph;
    private readonly RuntimeLimits _limits;
    private readonly int[] _length;
    private readonly int[][] _next;

    public Session(ModelGraph graph, IQuantizationRegistry quantizations, RuntimeLimits? limits = null, int lanes = 1, IKernelBackend? backend = null, IMemoryBudget? budget = null, int blocks = 64, IWorkTeam? team = null, params IReadOnlyList<ITileSource> tiles)
    {
        _graph = graph;
        _limits = limits ?? Limits();
        team ??= _team = new InlineWorkTeam(lanes);
        Runtime = (backend ?? new CpuBackend(CpuIsa.Detect())).Build(new BackendRequest
        {
            Graph = graph,
            Limits = _limits,
            Team = team,
            Quantizations = quantizations,
            KvBudget = budget ?? new FixedBudget(),
            Tiles = tiles,
        });
        Batch = new Batch(_limits, graph.CacheGroups.Count);
        new Span<int>(Batch.PlannedTokens, _limits.MaxSequences).Fill(_limits.MaxContext);
        _length = new int[_limits.MaxSequences];
        _next = [.. graph.CacheGroups.Select(_ => new int[1])];
        for (int g = 0; g < graph.CacheGroups.Count; g++)
            Assert.True(Runtime.TryGrow(g, blocks));
    }

    public IModelRuntime Runtime { get; }

    public Batch Batch { get; }

    public static RuntimeLimits Limits(ActivationPrecision activations = ActivationPrecision.Float32, KvType kv = KvType.F32) =>
        new() { MaxRows = 160, MaxOutputs = 160, MaxSequences = 9, MaxContext = 512, Activations = activations, KvType = kv };

    /// <summary>Adds the next tokens of a sequence.</summary>
    public void Add(int slot, ReadOnlySpan<int> tokens, RowOutputs outputs = RowOutputs.Logits)
    {
        foreach (int token in tokens)
        {
            int index = _length[slot]++;
            if (index % _limits.BlockTokens == 0)
                for (int g = 0; g < _graph.CacheGroups.Count; g++)
                    Batch.BlockTable(g, slot)[index / _limits.BlockTokens] = _next[g][0]++;
            Batch.Add(token, index, index, slot, outputs);
        }
    }

    /// <summary>Runs what was added; the logits of every row that wanted them.</summary>
    public float[][] Run()
    {
        Runtime.Submit(Batch);
        Assert.True(Runtime.Wait());
        int outputs = 0;
        for (int row = 0; row < Batch.RowCount; row++)
            outputs += (Batch.Outputs[row] & RowOutputs.Logits) != 0 ? 1 : 0;
        float[][] logits = [.. Enumerable.Range(0, outputs).Select(i => new Span<float>(Runtime.Logits(i), _graph.VocabularySize).ToArray())];
        Batch.Clear();
        return logits;
    }

    /// <summary>The logits of every token of a sequence, fed in chunks.</summary>
    public float[][] Feed(int slot, ReadOnlySpan<int> tokens, int chunk)
    {
        List<float[]> logits = [];
        for (int at = 0; at < tokens.Length; at += chunk)
        {
            Add(slot, tokens[at..Math.Min(tokens.Length, at + chunk)]);
            logits.AddRange(Run());
        }
        return [.. logits];
    }

    public void Dispose()
    {
        Runtime.Dispose();
        Batch.Dispose();
        _team?.Dispose();
    }
}
