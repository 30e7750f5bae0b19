using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Interpreter;

/// <summary>A graph of one attention whose query, key and value are chosen by token: 2 query heads over 1 key head, of length 1; the hidden state is the attention's output.</summary>
internal sealed unsafe class AttentionBench : IDisposable
{
    private const int Vocabulary = 8;
    private readonly List<MemoryFile> _files = [];

    /// <param name="queries">Two heads for each token.</param>
    /// <param name="keys">One for each token.</param>
    /// <param name="values">One for each token.</param>
    /// <param name="window">0: all.</param>
    public AttentionBench(float[] queries, float[] keys, float[] values, int window = 0)
    {
        GraphValue q = new(0, "q", 2), k = new(1, "k", 1), v = new(2, "v", 1), o = new(3, "o", 2), logits = new(4, "logits", Vocabulary);
        Graph = new ModelGraph
        {
            Nodes =
            [
                new EmbedNode("q", q, Tensor("q", queries, 2)),
                new EmbedNode("k", k, Tensor("k", keys, 1)),
                new EmbedNode("v", v, Tensor("v", values, 1)),
                new AttentionNode("attn", q, k, v, o, "cache", 2, 1, 1, 1, 1),
                new LmHeadNode("head", o, logits, Tensor("head", [.. Enumerable.Range(0, Vocabulary).SelectMany(i => new[] { i == 0 ? 1f : 0, i == 1 ? 1f : 0 })], 2)),
            ],
            CacheGroups = [new CacheGroup("group", window == 0 ? CacheKind.Full : CacheKind.Window, window, [new CacheSpec("cache", 1, 1, 1)])],
            VocabularySize = Vocabulary,
            Hidden = o,
            Logits = logits,
        };
        RuntimeLimits limits = new() { MaxRows = 16, MaxOutputs = 8, MaxSequences = 2, MaxContext = 16, BlockTokens = 4 };
        Runtime = new ReferenceBackend().Build(new BackendRequest { Graph = Graph, Limits = limits, Team = new InlineWorkTeam(), Quantizations = new QuantizationRegistry(new F32()), KvBudget = Budget });
        Assert.True(Runtime.TryGrow(0, 6));
        Batch = new Batch(limits, 1);
        Table(0, 5, 1, 3, 0);
    }

    public FixedBudget Budget { get; } = new();

    public ModelGraph Graph { get; }

    public IModelRuntime Runtime { get; }

    public Batch Batch { get; }

    public void Table(int slot, params int[] blocks) => blocks.CopyTo(new Span<int>(Batch.BlockTable(0, slot), Batch.BlockTableLength));

    public void Copy(int source, int destination) => Batch.Copies[Batch.CopyCount++] = new BlockCopy(0, source, destination);

    /// <summary>Runs rows of one sequence and returns the last one's hidden state.</summary>
    public (float Head0, float Head1) Run(int slot, int first, params int[] tokens)
    {
        for (int i = 0; i < tokens.Length; i++)
            Batch.Add(tokens[i], first + i, first + i, slot, i == tokens.Length - 1 ? RowOutputs.Hidden | RowOutputs.Logits : RowOutputs.None);
        Runtime.Submit(Batch);
        Batch.Clear();
        Assert.True(Runtime.Wait());
        Assert.Equal(Runtime.Hidden(0)[0], Runtime.Logits(0)[0]);
        Assert.Equal(Runtime.Hidden(0)[1], Runtime.Logits(0)[1]);
        return (Runtime.Hidden(0)[0], Runtime.Hidden(0)[1]);
    }

    public void Dispose()
    {
        Runtime.Dispose();
        Batch.Dispose();
        foreach (MemoryFile file in _files)
            file.Dispose();
    }

    private WeightTensor Tensor(string name, float[] values, int columns)
    {
        Array.Resize(ref values, Vocabulary * columns);
        MemoryFile file = MemoryFile.Of(values);
        _files.Add(file);
        return file.Tensor(name, "f32", Vocabulary, columns);
    }
}
