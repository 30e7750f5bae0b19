namespace Tessera.Conformance.Checks;

/// <summary>Keeps the drafts of one call.</summary>
internal sealed class DraftLog : IDraftSink
{
    private readonly Dictionary<int, List<int>> _drafts = [];
    private readonly Dictionary<int, int> _sources = [];

    /// <summary>The first thing that the contract does not allow, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>The draft of a sequence of the call; empty where it got none.</summary>
    public int[] Of(int sequence) => _drafts.TryGetValue(sequence, out List<int>? draft) ? [.. draft] : [];

    /// <summary>The source of a sequence's draft.</summary>
    public int SourceOf(int sequence) => _sources[sequence];

    /// <summary>The indices of the sequences that got a draft.</summary>
    public IEnumerable<int> Sequences => _drafts.Keys;

    /// <inheritdoc/>
    public void Add(int sequence, int source, ReadOnlySpan<int> tokens)
    {
        if (!_drafts.TryGetValue(sequence, out List<int>? draft))
            _drafts.Add(sequence, draft = []);
        if (!_sources.TryAdd(sequence, source) && _sources[sequence] != source)
            Problem ??= $"the draft of sequence {sequence} of the call is from sources {_sources[sequence]} and {source} at once";
        draft.AddRange(tokens);
    }

    /// <inheritdoc/>
    public void Add(int sequence, int source, ReadOnlySpan<int> tokens, int agreed)
    {
        if (agreed < 0)
            Problem ??= $"the draft of sequence {sequence} of the call is from a place that {agreed} tokens agree with";
        Add(sequence, source, tokens);
    }

    /// <inheritdoc/>
    public void AddSampled(int sequence, int source, int token, ReadOnlySpan<DraftCandidate> distribution)
    {
        double sum = 0;
        foreach (DraftCandidate candidate in distribution)
            sum += candidate.Probability;
        if (!(Math.Abs(sum - 1) < 1e-3))
            Problem ??= $"a draft token of sequence {sequence} of the call is from probabilities that add up to {sum}";
        Add(sequence, source, [token]);
    }
}
