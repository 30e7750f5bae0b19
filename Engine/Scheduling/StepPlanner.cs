using Tessera.Engine.Blocks;
using Tessera.Engine.Generation;
using Tessera.Engine.Speculation;

namespace Tessera.Engine.Scheduling;

/// <summary>Chooses a step's rows: one for each sequence that decodes, room for drafts, then prompts in order of arrival, within the budgets of rows and time.</summary>
internal sealed class StepPlanner(SequenceSet set, BlockPool pool, Drafter drafter, RowCost cost, RuntimeLimits limits, EngineOptions options, TimeProvider time, bool whole)
{
    /// <summary>Rows of prompts that a step takes even if the time is used up, so that a prompt always comes to its end.</summary>
    private const int LeastPrefillRows = 8;

    /// <summary>Rows that drafts may have in any step.</summary>
    private const int LeastDraftRows = 4;

    private readonly int _maxRows = Math.Min(options.MaxBatchTokens, limits.MaxRows);
    private readonly int _chunk = options.PrefillChunk == 0 ? int.MaxValue : options.PrefillChunk;

    /// <summary>The sequences of the step, in the order of their rows.</summary>
    public List<Sequence> Plan { get; } = new(limits.MaxSequences);

    /// <summary>Rows of sequences that decode, without drafts.</summary>
    public int DecodeRows { get; private set; }

    /// <summary>Rows of prompts.</summary>
    public int PrefillRows { get; private set; }

    /// <summary>Plans a step.</summary>
    public void Schedule(Batch batch)
    {
        foreach (Sequence sequence in Plan)
            sequence.Rows = sequence.Drafts = 0;
        Forget();
        pool.BeginStep();
        DecodeRows = PrefillRows = 0;
        PlanDecoding(batch);
        int drafts = PlanDrafts();
        PlanPrompts(batch, drafts);
    }

    /// <summary>Adds the drafts' rows, as far as there are blocks for them and grammars let their tokens come.</summary>
    /// <returns>Their number.</returns>
    public int AddDrafts(Batch batch)
    {
        int rows = 0;
        ReadOnlySpan<Sequence> sequences = drafter.Sequences;
        for (int i = 0; i < sequences.Length; i++)
        {
            Sequence sequence = sequences[i];
            int drafts = drafter.Drafts(i).Length;
            while (drafts > 0 && !pool.TryExtend(sequence.Table!, sequence.Computed, sequence.Computed + 1 + drafts, batch))
                drafts /= 2;
            drafts = drafter.Fit(i, drafts);
            sequence.Drafts = drafts;
            sequence.Rows += drafts;
            rows += drafts;
        }
        return rows;
    }

    /// <summary>Forgets the step before: its sequences may have gone to another engine.</summary>
    public void Forget()
    {
        Plan.Clear();
        drafter.Clear();
    }

    private void PlanDecoding(Batch batch)
    {
        for (int i = 0; i < set.Running.Count; i++)
        {
            Sequence sequence = set.Running[i];
            if (sequence.State != SequenceState.Decoding)
                continue;
            if (!Extend(sequence, 1, batch, i))
            {
                // Either it was preempted itself, and another stands in its place, or it starves and stays.
                i -= sequence.State == SequenceState.Decoding ? 0 : 1;
                continue;
            }
            DecodeRows++;
        }
    }

    private int PlanDrafts()
    {
        if (!drafter.IsActive || DecodeRows == 0)
            return 0;
        int room = Math.Min(_maxRows - DecodeRows, limits.MaxOutputs - set.RunningCount);
        // Beside prompts drafts get what they took last, and a little more: rows that are kept for them and not used are the prompts' loss.
        if (set.Waiting.Count > 0 || set.Running.Count > DecodeRows)
            room = Math.Min(room / 2, options.TuneDrafts ? LeastDraftRows + 2 * drafter.Tuner.Chosen : room);
        int total = 0;
        for (int i = 0; i < DecodeRows && total < room; i++)
        {
            Sequence sequence = Plan[i];
            int share = (room - total + DecodeRows - i - 1) / (DecodeRows - i);
            int own = Math.Min(Math.Min(share, drafter.MaxDraft), sequence.MaxTokens - sequence.Generated - 1);
            if (own <= 0 || !sequence.Request.Speculative)
                continue;
            drafter.Ask(sequence, own);
            total += own;
        }
        return total;
    }

    private void PlanPrompts(Batch batch, int drafts)
    {
        int taken = DecodeRows + drafts;
        int left = _maxRows - taken;
        if (DecodeRows > 0)
            left = Math.Min(left, Math.Max(cost.RowsWithin(options.StepMs) - taken, LeastPrefillRows));
        for (int i = 0; i < set.Running.Count && left > 0; i++)
            if (set.Running[i].State == SequenceState.Prefilling && HasRoom(set.Running[i], left))
                left -= PlanPrompt(set.Running[i], left, batch, i);
        int outputs = limits.MaxOutputs - drafts;
        while (left > 0 && set.Waiting.Count > 0 && set.RunningCount < outputs && HasRoom(set.Waiting[0], left))
        {
            Sequence sequence = set.Waiting[0];
            if (sequence.IsForeign && !set.TryFit(sequence))
                continue;
            if (!set.TryStart(whole ? sequence.Length : Math.Min(_chunk, _maxRows), out bool outOfBlocks))
            {
                if (outOfBlocks && ReleaseDrafts())
                    continue;
                if (!outOfBlocks || set.Running.Count > 0 || !IsStarved(sequence, 0))
                    return;
                continue;
            }
            left -= PlanPrompt(sequence, left, batch, set.Running.IndexOf(sequence));
        }
    }

    // A sequence that must be computed whole waits for a step that has room for it; one that is longer than a step gets one of its own.
    private bool HasRoom(Sequence sequence, int left) => !whole || sequence.Length <= left || Plan.Count == 0;

    private int PlanPrompt(Sequence sequence, int left, Batch batch, int index)
    {
        int rows = whole ? sequence.Length : Math.Min(Math.Min(left, _chunk), sequence.Length - sequence.Computed);
        if (!Extend(sequence, rows, batch, index))
            return 0;
        PrefillRows += rows;
        return rows;
    }

    /// <summary>Plans rows of a sequence. Where blocks run out, the latest sequence that is not part of the step yet loses its own.</summary>
    private bool Extend(Sequence sequence, int rows, Batch batch, int index)
    {
        while (!pool.TryExtend(sequence.Table!, sequence.Computed, sequence.Computed + rows, batch))
        {
            if (ReleaseDrafts())
                continue;
            Sequence? victim = Latest(index);
            if (set.Running.Count == 1)
            {
                IsStarved(sequence, sequence.Computed);
                return false;
            }
            if (victim == sequence && sequence.State == SequenceState.Prefilling)
                return false;
            set.Preempt(victim!);
            if (victim == sequence)
                return false;
        }
        sequence.StarvedSince = 0;
        sequence.Rows = rows;
        Plan.Add(sequence);
        return true;
    }

    /// <summary>Takes a draft model's memory before a sequence has to give its own up or wait.</summary>
    private bool ReleaseDrafts()
    {
        if (!drafter.TryReleaseMemory())
            return false;
        pool.BeginStep();
        return true;
    }

    /// <summary>The latest arrival from an index on that is not part of the step.</summary>
    private Sequence Latest(int index)
    {
        for (int i = set.Running.Count - 1; i > index; i--)
            if (set.Running[i].Rows == 0)
                return set.Running[i];
        return set.Running[index];
    }

    /// <summary>Ends a sequence that is alone and still does not fit, once others have had time to give memory back.</summary>
    /// <returns>True when it was ended.</returns>
    private bool IsStarved(Sequence sequence, int computed)
    {
        long now = time.GetTimestamp();
        if (sequence.StarvedSince == 0)
            sequence.StarvedSince = now;
        if (time.GetElapsedTime(sequence.StarvedSince, now) < options.MemoryPatience)
            return false;
        int most = 0;
        foreach (BlockStore store in pool.Stores)
            most = Math.Max(most, store.Count);
        set.End(sequence, FinishReason.Error, $"out of KV memory (kv.memory): {sequence.Length} tokens are needed, {computed} computed, and the {most} blocks of {limits.BlockTokens} tokens that there is memory for are not enough");
        set.Remove(sequence);
        return true;
    }
}
