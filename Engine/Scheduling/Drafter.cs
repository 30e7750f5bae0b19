namespace Tessera.Engine.Scheduling;

/// <summary>Asks the decoding strategy for a step's drafts and cuts them to what is allowed. A strategy that throws is not asked again: plain decoding goes on.</summary>
internal sealed class Drafter : IDraftSink
{
    private readonly DraftSequence[] _asked;
    private readonly Sequence[] _sequences;
    private readonly int[] _tokens;
    private readonly int[] _counts;
    private readonly int _vocabulary;
    private IDecodingStrategy? _strategy;
    private int _count;

    /// <summary>Makes the buffers.</summary>
    public Drafter(IDecodingStrategy? strategy, int sequences, int mostRows, int vocabulary)
    {
        MaxDraft = strategy is null ? 0 : Math.Clamp(strategy.MaxDraft, 0, mostRows);
        _strategy = MaxDraft == 0 ? null : strategy;
        _vocabulary = vocabulary;
        _asked = new DraftSequence[sequences];
        _sequences = new Sequence[sequences];
        _counts = new int[sequences];
        _tokens = new int[sequences * MaxDraft];
    }

    /// <summary>The most draft tokens for one sequence.</summary>
    public int MaxDraft { get; }

    /// <summary>Whether there is a strategy that works.</summary>
    public bool IsActive => _strategy is not null;

    /// <summary>Why the strategy is not asked any more; null while it is.</summary>
    public string? Problem { get; private set; }

    /// <summary>The sequences that drafts were asked for.</summary>
    public ReadOnlySpan<Sequence> Sequences => _sequences.AsSpan(0, _count);

    /// <summary>The drafts of one of them.</summary>
    public ReadOnlySpan<int> Drafts(int index) => _tokens.AsSpan(index * MaxDraft, _counts[index]);

    /// <summary>Starts a step.</summary>
    public void Clear()
    {
        Array.Clear(_asked, 0, _count);
        Array.Clear(_sequences, 0, _count);
        _count = 0;
    }

    /// <summary>Asks for drafts for a sequence.</summary>
    public void Ask(Sequence sequence, int room)
    {
        sequence.DraftIndex = _count;
        _asked[_count] = new DraftSequence(sequence.Id, sequence.Tokens.AsMemory(0, sequence.Length), room);
        _sequences[_count] = sequence;
        _counts[_count++] = 0;
    }

    /// <summary>Lets the strategy fill the drafts in.</summary>
    public void Propose()
    {
        if (_strategy is null || _count == 0)
            return;
        try
        {
            _strategy.Propose(_asked.AsSpan(0, _count), this);
        }
        catch (Exception e)
        {
            Stop(e);
            Array.Clear(_counts, 0, _count);
        }
    }

    /// <inheritdoc/>
    public void Add(int sequence, ReadOnlySpan<int> tokens)
    {
        if ((uint)sequence >= (uint)_count)
            throw new PluginException($"decoding strategy: drafts for sequence {sequence}, {_count} were asked for");
        foreach (int token in tokens)
        {
            if (_counts[sequence] == _asked[sequence].Room)
                return;
            if ((uint)token >= (uint)_vocabulary)
                throw new PluginException($"decoding strategy: draft token {token} is not in 0 to {_vocabulary - 1}");
            _tokens[sequence * MaxDraft + _counts[sequence]++] = token;
        }
    }

    /// <summary>Tells the strategy what became of a draft.</summary>
    public void Verified(Sequence sequence, int accepted)
    {
        try
        {
            _strategy?.Verified(sequence.Id, sequence.Drafts, accepted);
        }
        catch (Exception e)
        {
            Stop(e);
        }
    }

    /// <summary>Tells the strategy that a sequence has ended.</summary>
    public void Ended(Sequence sequence)
    {
        try
        {
            _strategy?.Ended(sequence.Id);
        }
        catch (Exception e)
        {
            Stop(e);
        }
    }

    private void Stop(Exception e)
    {
        _strategy = null;
        Problem = $"drafting has stopped: {e.GetType().Name}: {e.Message}";
    }
}
