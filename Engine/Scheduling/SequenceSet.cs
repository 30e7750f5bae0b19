using Tessera.Engine.Blocks;
using Tessera.Engine.Speculation;
using Tessera.Engine.Generation;

namespace Tessera.Engine.Scheduling;

/// <summary>The engine's sequences: those that wait and those that run, both by arrival, and the slots and blocks that the latter have.</summary>
internal sealed class SequenceSet(BlockPool pool, BlockTable[] tables, Intake intake, Drafter drafter, Resumption resumption, IEngineObserver? observer)
{
    private readonly BlockTable[] _free = tables;
    private int _freeCount = tables.Length;
    private int _promised;

    /// <summary>Those that wait.</summary>
    public List<Sequence> Waiting { get; } = [];

    /// <summary>Those that prefill or decode.</summary>
    public List<Sequence> Running { get; } = [];

    /// <summary>Those that run, and those that will fork off them.</summary>
    public int RunningCount => Running.Count + _promised;

    /// <summary>Sequences that lost their blocks.</summary>
    public int Preempted { get; set; }

    /// <summary>The sequence that is being fitted to this engine.</summary>
    public Sequence? Fitting { get; private set; }

    /// <summary>Puts a sequence into the queue.</summary>
    public void Enqueue(Sequence sequence) => Insert(Waiting, sequence);

    /// <summary>Gives the first waiting sequence a slot and the blocks that its beginning finds in the prefix cache.</summary>
    /// <param name="chunk">The most rows in which it will be computed at once.</param>
    /// <param name="outOfBlocks">Whether blocks were what is missing.</param>
    /// <returns>False: no slot is free, or its other blocks would not fit.</returns>
    public bool TryStart(int chunk, out bool outOfBlocks)
    {
        Sequence sequence = Waiting[0];
        outOfBlocks = false;
        if (_freeCount - _promised < 1 + sequence.Followers.Length)
            return false;
        BlockTable table = _free[_freeCount - 1];
        int found = pool.Open(table, sequence.Known, sequence.Request.CacheSalt, sequence.PlannedTokens);
        if (!Fits(table, sequence.Length, chunk))
        {
            pool.Close(table);
            outOfBlocks = true;
            return false;
        }
        _freeCount--;
        _promised += sequence.Followers.Length;
        Waiting.RemoveAt(0);
        Insert(Running, sequence);
        sequence.Table = table;
        sequence.Computed = found;
        sequence.StarvedSince = 0;
        sequence.State = SequenceState.Prefilling;
        if (!sequence.Started)
        {
            sequence.Started = true;
            sequence.Stream.CachedTokens = found;
            intake.Dequeued(sequence);
        }
        return true;
    }

    /// <summary>Takes a running sequence's blocks; its tokens will be computed again.</summary>
    public void Preempt(Sequence sequence)
    {
        Preempted++;
        Release(sequence);
        sequence.State = SequenceState.Waiting;
        sequence.Computed = 0;
        Enqueue(sequence);
    }

    /// <summary>Starts those that fork off a sequence whose prompt is computed; those that have ended meanwhile are let go.</summary>
    public void Fork(Sequence source)
    {
        _promised -= source.Followers.Length;
        foreach (Sequence follower in source.Followers)
        {
            if (follower.Ended)
            {
                follower.State = SequenceState.Finished;
                continue;
            }
            follower.Table = _free[--_freeCount];
            pool.Fork(source.Table!, follower.Table);
            follower.Computed = source.Computed;
            follower.Started = true;
            follower.Stream.CachedTokens = source.Stream.CachedTokens;
            follower.State = SequenceState.Decoding;
            Insert(Running, follower);
        }
    }

    /// <summary>Ends a sequence's stream, and those that would fork off if <paramref name="reason"/> is not the reader's.</summary>
    public void End(Sequence sequence, FinishReason reason, string? error = null)
    {
        if (reason != FinishReason.Cancelled)
            foreach (Sequence follower in sequence.Followers)
                EndStream(follower, reason, error);
        EndStream(sequence, reason, error);
    }

    /// <summary>Gives up what a sequence holds and forgets it. Its stream has ended.</summary>
    public void Remove(Sequence sequence)
    {
        if (sequence.Table is not null)
            Release(sequence);
        else
            Waiting.Remove(sequence);
        if (!sequence.Started)
            intake.Dequeued(sequence);
        sequence.State = SequenceState.Finished;
    }

    /// <summary>Ends the streams of cancelled sequences and removes what nobody wants.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Reap() => Reap(Running) | Reap(Waiting);

    /// <summary>Tells every reader that its stream has ended, and touches nothing else.</summary>
    public void EndStreams(FinishReason reason, string error)
    {
        foreach (List<Sequence> list in (ReadOnlySpan<List<Sequence>>)[Running, Waiting])
            foreach (Sequence sequence in list)
            {
                sequence.Stream.Finish(reason, error);
                foreach (Sequence follower in sequence.Followers)
                    follower.Stream.Finish(reason, error);
            }
    }

    /// <summary>Lets go of everything: another engine goes on with it.</summary>
    /// <param name="isWhole">Whether the blocks' bookkeeping can be trusted; else they are left as they are.</param>
    public List<Sequence> Leave(bool isWhole)
    {
        List<Sequence> all = [.. Running, .. Waiting];
        foreach (Sequence sequence in all)
        {
            drafter.Ended(sequence);
            if (isWhole && sequence.Table is not null)
                Release(sequence);
            sequence.Leave();
        }
        Running.Clear();
        Waiting.Clear();
        return all;
    }

    /// <summary>Ends and removes everything.</summary>
    public void EndAll(FinishReason reason, string? error)
    {
        foreach (List<Sequence> list in (ReadOnlySpan<List<Sequence>>)[Running, Waiting])
            for (int i = list.Count - 1; i >= 0; i--)
            {
                Sequence sequence = list[i];
                foreach (Sequence follower in sequence.Followers)
                    EndStream(follower, reason, error);
                EndStream(sequence, reason, error);
                Remove(sequence);
            }
    }

    /// <summary>Fits a waiting sequence that came from another engine; false: it has ended already, and is gone.</summary>
    public bool TryFit(Sequence sequence)
    {
        Fitting = sequence;
        FinishReason reason = resumption.Fit(sequence);
        Fitting = null;
        if (reason == FinishReason.None)
            return true;
        End(sequence, reason);
        Remove(sequence);
        return false;
    }

    private bool Reap(List<Sequence> list)
    {
        bool any = false;
        for (int i = list.Count - 1; i >= 0; i--)
        {
            Sequence sequence = list[i];
            foreach (Sequence follower in sequence.Followers)
                if (follower.Cancelled)
                    EndStream(follower, FinishReason.Cancelled, null);
            if (sequence.Cancelled)
                EndStream(sequence, FinishReason.Cancelled, null);
            if (!sequence.IsUnwanted)
                continue;
            Remove(sequence);
            any = true;
        }
        return any;
    }

    private void EndStream(Sequence sequence, FinishReason reason, string? error)
    {
        if (sequence.Ended)
            return;
        sequence.Ended = true;
        sequence.Stream.Finish(reason, error);
        drafter.Ended(sequence);
        observer?.Finished(reason, sequence.PromptLength, sequence.Stream.CachedTokens, sequence.Generated);
        intake.Ended(sequence);
    }

    private void Release(Sequence sequence)
    {
        pool.Close(sequence.Table!);
        _free[_freeCount++] = sequence.Table!;
        sequence.Table = null;
        if (sequence.State == SequenceState.Prefilling)
            _promised -= sequence.Followers.Length;
        Running.Remove(sequence);
    }

    /// <summary>Whether the missing blocks of a sequence can be had, beside those that running ones still need and one more for each of them.</summary>
    private bool Fits(BlockTable table, int tokens, int chunk)
    {
        for (int g = 0; g < pool.Stores.Length; g++)
        {
            int needed = pool.Missing(g, table, tokens, chunk);
            foreach (Sequence other in Running)
                needed += 1 + (other.State == SequenceState.Prefilling ? pool.Missing(g, other.Table!, other.Length, chunk) : 0);
            if (!pool.Ensure(g, needed))
                return false;
        }
        return true;
    }

    private static void Insert(List<Sequence> list, Sequence sequence)
    {
        int at = list.Count;
        while (at > 0 && list[at - 1].Id > sequence.Id)
            at--;
        list.Insert(at, sequence);
    }
}
