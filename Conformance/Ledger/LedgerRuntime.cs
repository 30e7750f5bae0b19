using System.Diagnostics.CodeAnalysis;
using Tessera.Conformance.Batches;

namespace Tessera.Conformance.Ledger;

/// <summary>
/// Hashes what each row sees through its block tables into its logits, and throws where that is not the positions 0 … its own, each written before.
/// Knows nothing of sequences beyond the batch; a step allocates nothing.
/// </summary>
public sealed unsafe class LedgerRuntime : IChoosingRuntime
{
    private readonly LedgerBackend _backend;
    private readonly ModelGraph _graph;
    private readonly RuntimeLimits _limits;
    private readonly BatchRules _rules;
    private readonly BlockAccount _account;
    private readonly LedgerCache[] _caches;
    private readonly WrittenRotations _rotations;
    private readonly OutputRows _logits, _hidden, _unseen;
    private readonly BestRows _best;
    private readonly int[] _suppressed;
    private int _inside;
    private bool _submitted, _completed, _faulted, _disposed;

    internal LedgerRuntime(LedgerBackend backend, ModelGraph graph, RuntimeLimits limits, IMemoryBudget budget, int[] suppressed)
    {
        _backend = backend;
        _graph = graph;
        _limits = limits;
        _suppressed = suppressed;
        _rules = new BatchRules(graph, limits, backend.MaxBest);
        _account = new BlockAccount(budget, [.. graph.CacheGroups.Select(g => (long)limits.BlockTokens * 2 * sizeof(int) * g.Caches.Count)]);
        _caches = [.. graph.CacheGroups.Select(_ => new LedgerCache(limits.BlockTokens))];
        _rotations = new WrittenRotations(graph, limits.BlockTokens);
        _logits = new OutputRows(limits.MaxOutputs, graph.VocabularySize, "logits");
        _hidden = new OutputRows(limits.MaxOutputs, graph.Hidden.Width, "hidden");
        _unseen = new OutputRows(1, graph.VocabularySize, "logits that only best tokens are taken of");
        _best = new BestRows(backend.MaxBest == 0 ? 0 : limits.MaxOutputs, backend.MaxBest);
    }

    /// <summary>Batches submitted.</summary>
    public long Steps { get; private set; }

    /// <summary>Rows of all batches.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows that wanted logits.</summary>
    public long LogitRows { get; private set; }

    /// <summary>Rows that wanted best tokens.</summary>
    public long ChosenRows { get; private set; }

    /// <summary>Block copies of all batches.</summary>
    public long Copies { get; private set; }

    /// <summary>Batches that were given up.</summary>
    public long Aborted { get; private set; }

    /// <summary>The blocks of a cache group.</summary>
    public int BlockCount(int group) => _account.Count(group);

    /// <summary>True after <see cref="Dispose"/>.</summary>
    public bool IsDisposed => _disposed;

    /// <inheritdoc/>
    public long ScratchBytes => _logits.Bytes + _hidden.Bytes;

    /// <inheritdoc/>
    public void Submit(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (Interlocked.Exchange(ref _inside, 1) != 0)
            Fail("two threads submit at once");
        try
        {
            Usable();
            if (_submitted)
                Fail("a batch is submitted before Wait was called for the last one");
            _faulted = true;
            Compute(batch);
            _faulted = false;
            _submitted = true;
        }
        finally
        {
            Volatile.Write(ref _inside, 0);
        }
    }

    /// <inheritdoc/>
    public bool Wait()
    {
        Usable();
        if (!_submitted)
            Fail("Wait is called without a batch");
        _submitted = false;
        return _completed;
    }

    /// <inheritdoc/>
    public float* Logits(int output) => Output(_logits, output);

    /// <inheritdoc/>
    public float* Hidden(int output) => Output(_hidden, output);

    /// <inheritdoc/>
    public int MaxBest => _backend.MaxBest;

    /// <inheritdoc/>
    public ReadOnlySpan<BestToken> Best(int output)
    {
        Readable(output, _best.Used);
        return _best.Row(output);
    }

    /// <inheritdoc/>
    public long BlockBytes(int group) => _account.Bytes(group);

    /// <inheritdoc/>
    public bool TryGrow(int group, int blocks)
    {
        Usable();
        if (!_account.TryGrow(group, blocks))
            return false;
        _caches[group].Resize(_account.Count(group));
        _rotations.Resize(group, _account.Count(group));
        return true;
    }

    /// <inheritdoc/>
    public void Shrink(int group, int blocks)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (blocks > _account.Count(group))
            Fail($"{blocks} blocks of group {group} are given back, it has {_account.Count(group)}");
        _account.Shrink(group, blocks);
        _caches[group].Resize(_account.Count(group));
        _rotations.Resize(group, _account.Count(group));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain() => [$"ledger: {_graph.CacheGroups.Count} cache groups, {_graph.VocabularySize} logits by hash"];

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _account.Dispose();
        _logits.Dispose();
        _hidden.Dispose();
        _unseen.Dispose();
    }

    private void Compute(Batch batch)
    {
        long step = _backend.NextStep();
        Steps++;
        Rows += batch.RowCount;
        Copies += batch.CopyCount;
        _completed = false;
        _logits.Clear();
        _hidden.Clear();
        _best.Clear();
        Require(batch);
        if (_rotations.Apply(batch) is { } rotated)
            Fail(rotated);
        for (int i = 0; i < batch.CopyCount; i++)
            FailIf(_caches[batch.Copies[i].Group].Copy(batch.Copies[i].Source, batch.Copies[i].Destination), batch.Copies[i].Group);
        for (int row = 0; row < batch.RowCount; row++)
            Write(batch, row, step);
        if (step == _backend.ThrowAtStep)
            throw new LedgerException($"ledger: step {step} throws, as the test asked");
        _backend.OnStep?.Invoke(batch);
        if (batch.Abort)
        {
            Aborted++;
            Lose(batch);
            return;
        }
        for (int row = 0; row < batch.RowCount; row++)
            Answer(batch, row);
        _completed = true;
    }

    private void Require(Batch batch)
    {
        try
        {
            _rules.Require(batch, _account);
        }
        catch (TesseraException e)
        {
            Fail(e.Message);
        }
    }

    private void Write(Batch batch, int row, long step)
    {
        for (int g = 0; g < _caches.Length; g++)
        {
            (int block, int offset) = Place(batch, g, row, batch.CacheIndices[row]);
            FailIf(_caches[g].Write(block, offset, batch.Tokens[row], batch.Positions[row], batch.Slots[row], step), g);
        }
    }

    private void Answer(Batch batch, int row)
    {
        ulong hash = LedgerHash.Rotation(_graph, batch.PlannedTokens[batch.Slots[row]]);
        bool nan = false;
        for (int g = 0; g < _caches.Length; g++)
        {
            ulong view = LedgerHash.Start(g);
            int last = batch.CacheIndices[row];
            for (int i = BatchRules.FirstVisible(_graph.CacheGroups[g], last); i <= last; i++)
            {
                (int block, int offset) = Place(batch, g, row, i);
                if (_caches[g].Read(block, offset, i, out int token) is string problem)
                    Fail($"row {row} (slot {batch.Slots[row]}, cache index {last}) sees a wrong entry at cache index {i} of group {g}: {problem}");
                view = LedgerHash.Add(view, token, i);
                nan |= token == _backend.NanToken;
            }
            hash = LedgerHash.Join(hash, view);
        }
        if ((batch.Outputs[row] & RowOutputs.Hidden) != 0)
            LedgerHash.Hidden(hash, _hidden.Next());
        RowOutputs wanted = batch.Outputs[row] & (RowOutputs.Logits | RowOutputs.Best);
        if (wanted == 0)
            return;
        LogitRows += (wanted & RowOutputs.Logits) != 0 ? 1 : 0;
        _unseen.Clear();
        Span<float> logits = ((wanted & RowOutputs.Logits) != 0 ? _logits : _unseen).Next();
        LedgerHash.Logits(hash, _suppressed, logits);
        if (nan)
            logits.Fill(float.NaN);
        if ((wanted & RowOutputs.Best) == 0)
            return;
        ChosenRows++;
        _best.Add(logits, batch.BestCounts[row]);
    }

    // What an aborted batch wrote is not valid, copies included: the engine must ask for both again.
    private void Lose(Batch batch)
    {
        for (int i = 0; i < batch.CopyCount; i++)
            _caches[batch.Copies[i].Group].Lose(batch.Copies[i].Destination);
        for (int row = 0; row < batch.RowCount; row++)
            for (int g = 0; g < _caches.Length; g++)
            {
                (int block, int offset) = Place(batch, g, row, batch.CacheIndices[row]);
                _caches[g].Lose(block, offset);
            }
    }

    private (int Block, int Offset) Place(Batch batch, int group, int row, int cacheIndex) =>
        (batch.BlockTable(group, batch.Slots[row])[cacheIndex / _limits.BlockTokens], cacheIndex % _limits.BlockTokens);

    private float* Output(OutputRows rows, int output)
    {
        Readable(output, rows.Used);
        return rows.Row(output);
    }

    private void Readable(int output, int used)
    {
        Usable();
        if (_submitted || !_completed)
            Fail("outputs are read from a batch that was not waited for, or was aborted");
        if ((uint)output >= (uint)used)
            Fail($"output {output} is read, the batch has {used}");
    }

    private void Usable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_faulted)
            Fail("a runtime is used after it threw");
    }

    private void FailIf(string? problem, int group)
    {
        if (problem is not null)
            Fail($"group {group}: {problem}");
    }

    [DoesNotReturn]
    private void Fail(string what)
    {
        _backend.Record(what);
        throw new LedgerException($"ledger: {what}");
    }
}
