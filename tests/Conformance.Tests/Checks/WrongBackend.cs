using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Checks;

/// <summary>The reference with a mistake in its graph, or in how it reads a batch.</summary>
internal sealed unsafe class WrongBackend(Func<ModelGraph, ModelGraph> spoil, string mistake = "") : IKernelBackend
{
    private static readonly string[] Steps =
    [
        "two prefill chunks", "a decode row beside a later chunk", "a fork with block copies", "draft rows, a decode row and a prefill",
        "drafts taken back, decode rows in another order", "positions that are not the cache indices", "a new sequence in another's slot, planned to become longer",
        "one row alone, blocks before its window freed",
    ];

    private int _swapped = -1;
    private int[]? _planned;

    public string Name => "wrong";

    public IReadOnlyDictionary<string, int> Operations { get; } = new ReferenceBackend().Operations;

    /// <summary>The first step whose batch the mistake changed.</summary>
    public string? FirstSpoiled { get; private set; }

    public IModelRuntime Build(BackendRequest request) => new Runtime(this, request.Limits, new ReferenceBackend().Build(new BackendRequest
    {
        Graph = spoil(request.Graph),
        Limits = request.Limits,
        Team = request.Team,
        Quantizations = request.Quantizations,
        KvBudget = request.KvBudget,
    }));

    private bool Change(Batch batch, int blockTokens)
    {
        bool changed = false;
        if (mistake == "copies")
        {
            changed = batch.CopyCount > 0;
            batch.CopyCount = 0;
        }
        if (mistake == "planned")
        {
            Span<int> planned = new(batch.PlannedTokens, batch.MaxSequences);
            _planned = planned.ToArray();
            planned.Clear();
        }
        for (int row = 0; row < batch.RowCount && mistake == "positions"; row++)
        {
            changed |= batch.Positions[row] != batch.CacheIndices[row];
            batch.Positions[row] = batch.CacheIndices[row];
        }
        for (int row = 0; row < batch.RowCount && mistake == "tables"; row++)
            if (batch.CacheIndices[row] == blockTokens)
            {
                SwapBlocks(batch, batch.Slots[row]);
                _swapped = batch.Slots[row];
                changed = true;
            }
        return changed;
    }

    private void Restore(Batch batch)
    {
        if (_swapped >= 0)
            SwapBlocks(batch, _swapped);
        _swapped = -1;
        _planned?.CopyTo(new Span<int>(batch.PlannedTokens, batch.MaxSequences));
    }

    private static void SwapBlocks(Batch batch, int slot)
    {
        int* table = batch.BlockTable(0, slot);
        (table[1], table[2]) = (table[2], table[1]);
    }

    private sealed class Runtime(WrongBackend backend, RuntimeLimits limits, IModelRuntime inner) : IModelRuntime
    {
        private int _step;

        public long ScratchBytes => inner.ScratchBytes;

        public void Submit(Batch batch)
        {
            if (backend.Change(batch, limits.BlockTokens))
                backend.FirstSpoiled ??= Steps[_step];
            _step++;
            inner.Submit(batch);
            backend.Restore(batch);
        }

        public bool Wait() => inner.Wait();
        public float* Logits(int output) => inner.Logits(output);
        public float* Hidden(int output) => inner.Hidden(output);
        public long BlockBytes(int group) => inner.BlockBytes(group);
        public bool TryGrow(int group, int blocks) => inner.TryGrow(group, blocks);
        public void Shrink(int group, int blocks) => inner.Shrink(group, blocks);
        public IReadOnlyList<string> Explain() => inner.Explain();
        public void Dispose() => inner.Dispose();
    }
}
