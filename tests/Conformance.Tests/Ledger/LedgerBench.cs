using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;

namespace Tessera.Conformance.Tests.Ledger;

/// <summary>A ledger runtime with a batch, driven by hand as an engine would.</summary>
internal sealed unsafe class LedgerBench : IDisposable
{
    public const int BlockTokens = 4;

    public LedgerBench(params int[] windows)
        : this(null, windows)
    {
    }

    public LedgerBench(RopeTable? rotation, params int[] windows)
    {
        Model = new LedgerModel(50, windows.Length == 0 ? null : windows, rotation: rotation);
        RuntimeLimits limits = new() { MaxRows = 32, MaxOutputs = 32, MaxSequences = 4, MaxContext = 64, BlockTokens = BlockTokens };
        Runtime = (LedgerRuntime)Backend.Build(new BackendRequest
        {
            Graph = Model.Graph,
            Limits = limits,
            Team = new InlineWorkTeam(),
            Quantizations = new QuantizationRegistry(),
            KvBudget = Budget,
        });
        Batch = new Batch(limits, Model.Graph.CacheGroups.Count);
        for (int g = 0; g < Model.Graph.CacheGroups.Count; g++)
            Assert.True(Runtime.TryGrow(g, 16));
    }

    public FixedBudget Budget { get; } = new();

    public LedgerBackend Backend { get; } = new();

    public LedgerModel Model { get; }

    public LedgerRuntime Runtime { get; }

    public Batch Batch { get; }

    public void Table(int slot, params int[] blocks)
    {
        for (int g = 0; g < Batch.GroupCount; g++)
            GroupTable(g, slot, blocks);
    }

    public void GroupTable(int group, int slot, params int[] blocks) => blocks.CopyTo(new Span<int>(Batch.BlockTable(group, slot), Batch.BlockTableLength));

    public void Rows(int slot, int first, params int[] tokens)
    {
        for (int i = 0; i < tokens.Length; i++)
            Batch.Add(tokens[i], first + i, first + i, slot, RowOutputs.Logits);
    }

    public void Copy(BlockCopy copy) => Batch.Copies[Batch.CopyCount++] = copy;

    public bool Run()
    {
        Runtime.Submit(Batch);
        Batch.Clear();
        return Runtime.Wait();
    }

    public float[] Logits(int output) => new ReadOnlySpan<float>(Runtime.Logits(output), Model.Graph.VocabularySize).ToArray();

    /// <summary>Runs the batch and returns the violation that it must meet.</summary>
    public string Violation()
    {
        LedgerException e = Assert.Throws<LedgerException>(() => Run());
        Assert.Contains(Assert.Single(Backend.Violations), e.Message, StringComparison.Ordinal);
        return e.Message;
    }

    public void Dispose()
    {
        Runtime.Dispose();
        Batch.Dispose();
    }
}
