using Tessera.Conformance.Batches;

namespace Tessera.Conformance.Interpreter;

/// <summary>A graph with its dequantized weights and its KV cache in doubles. Checks every batch, and gives up between nodes where <see cref="Batch.Abort"/> is set.</summary>
public sealed unsafe class ReferenceRuntime : IPoolingRuntime
{
    private readonly ModelGraph _graph;
    private readonly ReferenceWeights _weights;
    private readonly BatchRules _rules;
    private readonly BlockAccount _account;
    private readonly ReferenceCache[][] _caches;
    private readonly WrittenRotations _rotations;
    private readonly NodeInterpreter _interpreter;
    private readonly OutputRows _logits, _hidden, _pooled;
    private bool _submitted, _completed, _faulted, _disposed;

    internal ReferenceRuntime(ModelGraph graph, RuntimeLimits limits, ReferenceWeights weights, IMemoryBudget budget)
    {
        _graph = graph;
        _weights = weights;
        _rules = new BatchRules(graph, limits);
        _account = new BlockAccount(budget, [.. graph.CacheGroups.Select(g =>
            g.Caches.Sum(c => (long)limits.BlockTokens * c.Heads * (c.KeyLength + c.ValueLength) * sizeof(double)))]);
        _caches = [.. graph.CacheGroups.Select(g => g.Caches.Select(c => new ReferenceCache(c, limits.BlockTokens)).ToArray())];
        _rotations = new WrittenRotations(graph, limits.BlockTokens);
        _logits = new OutputRows(limits.MaxOutputs, graph.VocabularySize, "logits");
        _hidden = new OutputRows(limits.MaxOutputs, graph.Hidden.Width, "hidden");
        _pooled = new OutputRows(limits.MaxSequences, graph.Pooled?.Width ?? 1, "pooled");
        _interpreter = new NodeInterpreter(graph, limits, weights, _caches, _logits);
    }

    /// <inheritdoc/>
    public long ScratchBytes => _weights.Bytes + _interpreter.Bytes + _logits.Bytes + _hidden.Bytes + _pooled.Bytes;

    /// <inheritdoc/>
    public void Submit(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Usable();
        if (_submitted)
            throw new TesseraException("reference: a batch is submitted before Wait was called for the last one");
        _faulted = true;
        _completed = Compute(batch);
        _faulted = false;
        _submitted = true;
    }

    /// <inheritdoc/>
    public bool Wait()
    {
        Usable();
        if (!_submitted)
            throw new TesseraException("reference: Wait is called without a batch");
        _submitted = false;
        return _completed;
    }

    /// <inheritdoc/>
    public float* Logits(int output) => Output(_logits, output);

    /// <inheritdoc/>
    public float* Hidden(int output) => Output(_hidden, output);

    /// <inheritdoc/>
    public float* Pooled(int output) => Output(_pooled, output);

    /// <inheritdoc/>
    public long BlockBytes(int group) => _account.Bytes(group);

    /// <inheritdoc/>
    public bool TryGrow(int group, int blocks)
    {
        Usable();
        if (!_account.TryGrow(group, blocks))
            return false;
        foreach (ReferenceCache cache in _caches[group])
            cache.Resize(_account.Count(group));
        _rotations.Resize(group, _account.Count(group));
        return true;
    }

    /// <inheritdoc/>
    public void Shrink(int group, int blocks)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _account.Shrink(group, blocks);
        foreach (ReferenceCache cache in _caches[group])
            cache.Resize(_account.Count(group));
        _rotations.Resize(group, _account.Count(group));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain() => [.. _graph.Nodes.Select(n => $"{n.Name}: {n.Operation} revision {n.Revision}, float64")];

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _account.Dispose();
        _logits.Dispose();
        _hidden.Dispose();
        _pooled.Dispose();
    }

    private bool Compute(Batch batch)
    {
        _rules.Require(batch, _account);
        if (_rotations.Apply(batch) is { } problem)
            throw new TesseraException($"batch: {problem}");
        _logits.Clear();
        _hidden.Clear();
        _pooled.Clear();
        for (int i = 0; i < batch.CopyCount; i++)
            foreach (ReferenceCache cache in _caches[batch.Copies[i].Group])
                cache.Copy(batch.Copies[i].Source, batch.Copies[i].Destination);
        foreach (GraphNode node in _graph.Nodes)
        {
            if (batch.Abort)
                return false;
            _interpreter.Execute(node, batch);
        }
        for (int row = 0; row < batch.RowCount; row++)
        {
            if ((batch.Outputs[row] & RowOutputs.Hidden) != 0)
                HandOut(_interpreter.Row(_graph.Hidden, row), _hidden.Next());
            if ((batch.Outputs[row] & RowOutputs.Pooled) != 0)
                HandOut(_interpreter.Row(_graph.Pooled!, row), _pooled.Next());
        }
        return true;
    }

    private static void HandOut(ReadOnlySpan<double> values, Span<float> output)
    {
        for (int i = 0; i < output.Length; i++)
            output[i] = (float)values[i];
    }

    private float* Output(OutputRows rows, int output)
    {
        Usable();
        return _completed && !_submitted
            ? rows.Row(output)
            : throw new TesseraException("reference: outputs are read from a batch that was not waited for, or was aborted");
    }

    private void Usable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_faulted)
            throw new TesseraException("reference: the runtime is used after it threw");
    }
}
