namespace Tessera.Acceptance.Tests.Invariance;

/// <summary>A runtime that logs the logits of every row. Which tokens a row sees is read off the KV blocks, as the runtime under it does: a block that was shared or copied brings its tokens with it.</summary>
internal sealed unsafe class RecordingRuntime(IModelRuntime inner, ModelGraph graph, RuntimeLimits limits, LogitLog log) : IModelRuntime
{
    private int[] _tokens = [];
    private Batch? _batch;

    public long ScratchBytes => inner.ScratchBytes;

    public void Submit(Batch batch)
    {
        int blockTokens = limits.BlockTokens;
        for (int i = 0; i < batch.CopyCount; i++)
            if (batch.Copies[i].Group == 0)
                Array.Copy(_tokens, batch.Copies[i].Source * blockTokens, _tokens, batch.Copies[i].Destination * blockTokens, blockTokens);
        for (int row = 0; row < batch.RowCount; row++)
            _tokens[Place(batch, batch.Slots[row], batch.CacheIndices[row])] = batch.Tokens[row];
        _batch = batch;
        inner.Submit(batch);
    }

    public bool Wait()
    {
        if (!inner.Wait())
            return false;
        Batch batch = _batch!;
        for (int row = 0, output = 0; row < batch.RowCount; row++)
        {
            if (!batch.Outputs[row].HasFlag(RowOutputs.Logits))
                continue;
            int[] seen = new int[batch.CacheIndices[row] + 1];
            for (int i = 0; i < seen.Length; i++)
                seen[i] = _tokens[Place(batch, batch.Slots[row], i)];
            log.Add(seen, new ReadOnlySpan<float>(inner.Logits(output++), graph.VocabularySize));
        }
        return true;
    }

    public float* Logits(int output) => inner.Logits(output);

    public float* Hidden(int output) => inner.Hidden(output);

    public long BlockBytes(int group) => inner.BlockBytes(group);

    public bool TryGrow(int group, int blocks)
    {
        if (!inner.TryGrow(group, blocks))
            return false;
        if (group == 0)
            Array.Resize(ref _tokens, _tokens.Length + blocks * limits.BlockTokens);
        return true;
    }

    public void Shrink(int group, int blocks)
    {
        inner.Shrink(group, blocks);
        if (group == 0)
            Array.Resize(ref _tokens, _tokens.Length - blocks * limits.BlockTokens);
    }

    public IReadOnlyList<string> Explain() => inner.Explain();

    /// <summary>Leaves the runtime under it to the composition that it came from.</summary>
    public void Dispose() { }

    private int Place(Batch batch, int slot, int index) =>
        batch.BlockTable(0, slot)[index / limits.BlockTokens] * limits.BlockTokens + index % limits.BlockTokens;
}
