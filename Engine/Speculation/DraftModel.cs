using Tessera.Engine.Blocks;

namespace Tessera.Engine.Speculation;

/// <summary>The second model of a composition as its strategy sees it: for each sequence the tokens that are computed, in blocks of the model's own pool. What a rejected draft left there is computed over.</summary>
internal sealed unsafe class DraftModel : IDraftModel, IDisposable
{
    /// <summary>Rows in which a prompt is caught up in one batch, so that its neighbours do not wait for long.</summary>
    private const int CatchUpRows = 128;

    private readonly Composition _composition;
    private readonly BlockPool _pool;
    private readonly Batch _batch;
    private readonly DraftChoice _choice;
    private readonly DraftTuner _tuner;
    private readonly DraftWatch _watch;
    private readonly TimeProvider _time;
    private readonly Dictionary<long, int> _slots;
    private readonly BlockTable[] _tables;
    private readonly int[][] _computed;
    private readonly int[] _counts, _agreed, _outputs;
    private readonly Stack<int> _free;
    private readonly int _mostRows, _mostCalls;
    private int _asked, _calls;
    private bool _measures = true;

    /// <param name="composition">The second model.</param>
    /// <param name="vocabulary">The ids of the first.</param>
    /// <param name="sequences">The most sequences of a step.</param>
    /// <param name="mostCalls">The most batches in a turn.</param>
    /// <param name="tuner">Told what batches take.</param>
    /// <param name="watch">Told that a batch is not the strategy's own time.</param>
    /// <param name="time">The clock.</param>
    public DraftModel(Composition composition, int vocabulary, int sequences, int mostCalls, DraftTuner tuner, DraftWatch watch, TimeProvider time)
    {
        (_composition, _tuner, _watch, _time, _mostCalls) = (composition, tuner, watch, time, mostCalls);
        RuntimeLimits limits = composition.Limits;
        VocabularySize = Math.Min(vocabulary, composition.Graph.VocabularySize);
        int slots = Math.Min(sequences, Math.Min(limits.MaxSequences, limits.MaxOutputs));
        _mostRows = Math.Min(limits.MaxRows, Math.Max(CatchUpRows, 2 * slots));
        _batch = new Batch(limits, composition.Graph.CacheGroups.Count);
        _choice = new DraftChoice(composition, VocabularySize, sequences);
        _pool = new BlockPool(composition.Runtime, composition.Graph, limits, caching: false);
        _tables = new BlockTable[slots];
        _computed = new int[slots][];
        (_counts, _agreed, _outputs) = (new int[slots], new int[slots], new int[sequences]);
        _slots = new Dictionary<long, int>(slots);
        _free = new Stack<int>(slots);
        for (int slot = slots - 1; slot >= 0; slot--)
        {
            _tables[slot] = new BlockTable(_batch, slot);
            _computed[slot] = [];
            _free.Push(slot);
        }
    }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <summary>Why it answers no more; null while it does.</summary>
    public string? Fault { get; private set; }

    /// <summary>Starts a turn of the strategy.</summary>
    public void BeginTurn() => _calls = _asked = 0;

    /// <inheritdoc/>
    public void Compute(ReadOnlySpan<DraftModelSequence> sequences)
    {
        if (!_watch.TryLeave())
            throw new PluginException("decoding strategy: it was given up, and its draft model computes no more");
        try
        {
            if (++_calls > _mostCalls)
                throw new PluginException($"decoding strategy: more than {_mostCalls} batches of its draft model in one step");
            Run(sequences);
        }
        finally
        {
            _watch.Enter();
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<BestToken> Best(int sequence) => (uint)sequence < (uint)_asked && _outputs[sequence] >= 0 ? _choice.Of(sequence, _outputs[sequence]) : default;

    /// <summary>Measures what a batch takes, before there are requests: one row of one sequence, computed and forgotten.</summary>
    /// <exception cref="TesseraException">It fails; it answers no more.</exception>
    public void Calibrate()
    {
        const int rounds = 2;
        DraftModelSequence[] one = [new(long.MinValue, new int[1], default, 1)];
        // The first is not counted: it meets cold caches and code that was never run.
        _measures = false;
        Run(one);
        _measures = true;
        for (int i = 0; i < rounds; i++)
            Run(one);
        ReleaseAll();
    }

    /// <summary>The rows that a sequence of so many tokens lacks.</summary>
    public int Missing(long id, int length) => _slots.TryGetValue(id, out int slot) ? Math.Max(0, length - _counts[slot]) : length;

    /// <summary>Forgets a sequence.</summary>
    public void Release(long id)
    {
        if (!_slots.Remove(id, out int slot))
            return;
        _pool.Close(_tables[slot]);
        (_counts[slot], _agreed[slot]) = (0, 0);
        _free.Push(slot);
    }

    /// <summary>Forgets all sequences and gives their memory back to the budget.</summary>
    /// <returns>Whether there was any.</returns>
    public bool ReleaseAll()
    {
        foreach (long id in _slots.Keys)
            Release(id);
        return _pool.Trim() > 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _batch.Dispose();

    private void Run(ReadOnlySpan<DraftModelSequence> sequences)
    {
        _asked = 0;
        if (Fault is not null || sequences.Length > _outputs.Length)
            return;
        for (int i = 0; i < sequences.Length; i++)
            _choice.Ask(i, sequences[i]);
        _batch.Clear();
        _pool.BeginStep();
        int outputs = 0, advanced = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            int slot = Slot(sequences[i].Id);
            // The sequences that are drafting come first in what is left of the batch: each needs a row or two.
            int rows = slot < 0 ? 0 : Add(slot, sequences[i], _mostRows - _batch.RowCount - (sequences.Length - i - 1), out _outputs[i]);
            if (rows == 0)
                _outputs[i] = -1;
            else if (_outputs[i] >= 0)
                _outputs[i] = outputs++;
            advanced += rows > 0 ? 1 : 0;
        }
        _asked = sequences.Length;
        if (_batch.RowCount == 0)
            return;
        long start = _time.GetTimestamp();
        try
        {
            _composition.Runtime.Submit(_batch);
            if (!_composition.Runtime.Wait())
                throw new TesseraException("the batch was given up");
        }
        catch (Exception e)
        {
            _asked = 0;
            Fault = $"{e.GetType().Name}: {e.Message}";
            throw new TesseraException($"draft model '{_composition.Name}' has failed: {Fault}");
        }
        if (_measures)
            _tuner.MeasuredModel(advanced, _batch.RowCount, _time.GetElapsedTime(start).TotalMilliseconds);
    }

    private int Slot(long id)
    {
        if (_slots.TryGetValue(id, out int slot))
            return slot;
        if (!_free.TryPop(out slot))
            return -1;
        _slots.Add(id, slot);
        _pool.Open(_tables[slot], [], null, _composition.PlannedContext ?? _composition.Limits.MaxContext);
        return slot;
    }

    /// <summary>Adds rows of a sequence to the batch, as many as it lacks and are allowed.</summary>
    /// <param name="slot">Its slot.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="room">The most rows.</param>
    /// <param name="output">0 when its last row is among them, else −1.</param>
    /// <returns>The rows; 0: it does not fit.</returns>
    private int Add(int slot, in DraftModelSequence sequence, int room, out int output)
    {
        ReadOnlySpan<int> tokens = sequence.Tokens.Span, draft = sequence.Draft.Span;
        int length = tokens.Length + draft.Length;
        output = -1;
        if (length == 0 || length > _composition.Limits.MaxContext || room <= 0)
            return 0;
        Reserve(slot, length);
        int[] computed = _computed[slot];
        int from = Math.Min(_counts[slot], length - 1), agreed = Math.Min(_agreed[slot], from);
        while (agreed < from && computed[agreed] == At(tokens, draft, agreed))
            agreed++;
        BlockTable table = _tables[slot];
        // What follows was a draft that came to nothing. Between the tokens of a draft nothing is given back: a window moves with what is certain only.
        if (draft.IsEmpty)
            _pool.Commit(table, computed, agreed);
        (_counts[slot], _agreed[slot]) = (agreed, Math.Min(agreed, tokens.Length));
        int rows = Math.Min(room, length - agreed);
        for (int i = agreed; i < agreed + rows; i++)
            if ((uint)At(tokens, draft, i) >= (uint)_composition.Graph.VocabularySize)
                return 0;
        if (!_pool.TryExtend(table, agreed, agreed + rows, _batch))
            return 0;
        bool whole = agreed + rows == length;
        for (int i = agreed; i < agreed + rows; i++)
        {
            computed[i] = At(tokens, draft, i);
            _batch.BestCounts[_batch.RowCount] = sequence.Best;
            _batch.Add(computed[i], i, i, table.Slot, whole && i == length - 1 ? _choice.Outputs : RowOutputs.None);
        }
        _counts[slot] = agreed + rows;
        output = whole ? 0 : -1;
        return rows;
    }

    private void Reserve(int slot, int length)
    {
        if (_computed[slot].Length < length)
            Array.Resize(ref _computed[slot], Math.Min(_composition.Limits.MaxContext, Math.Max(length, Math.Max(256, _computed[slot].Length * 2))));
    }

    private static int At(ReadOnlySpan<int> tokens, ReadOnlySpan<int> draft, int index) => index < tokens.Length ? tokens[index] : draft[index - tokens.Length];
}
