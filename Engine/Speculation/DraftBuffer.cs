namespace Tessera.Engine.Speculation;

/// <summary>A step's drafts as a strategy hands them in, checked. What is out of range makes the whole turn void.</summary>
internal sealed class DraftBuffer(int sequences, int maxDraft, int sources, int vocabulary) : IDraftSink
{
    private const double MassTolerance = 1e-3;

    private readonly int[] _tokens = new int[sequences * maxDraft];
    private readonly int[] _counts = new int[sequences];
    private readonly int[] _proposed = new int[sequences];
    private readonly int[] _agreed = new int[sequences];
    private readonly int[] _refused = new int[sequences];
    private readonly int[] _rooms = new int[sequences];
    private readonly int[] _sources = new int[sequences];
    private readonly byte[] _lengths = new byte[sequences * maxDraft];
    private DraftCandidate[] _candidates = [];
    private int _open;
    private volatile bool _closed;

    /// <summary>What the strategy did wrong in this turn, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Starts a turn.</summary>
    public void Clear() => (_open, Problem) = (0, null);

    /// <summary>Adds a sequence that may get so many tokens.</summary>
    public void Open(int room)
    {
        _counts[_open] = _proposed[_open] = _agreed[_open] = 0;
        _refused[_open] = -1;
        _rooms[_open++] = room;
    }

    /// <summary>Takes nothing any more, for good.</summary>
    public void Close() => _closed = true;

    /// <summary>The draft of a sequence.</summary>
    public ReadOnlySpan<int> Tokens(int sequence) => _tokens.AsSpan(sequence * maxDraft, _counts[sequence]);

    /// <summary>Where it came from.</summary>
    public int Source(int sequence) => _sources[sequence];

    /// <summary>How many tokens before a draft agree with the place that it comes from; 0: not known.</summary>
    public int Agreed(int sequence) => _agreed[sequence];

    /// <summary>A token that was proposed, whether the draft was shortened before it or not; −1: there is none, or its acceptance is left to chance.</summary>
    public int Proposed(int sequence, int position) => position < _proposed[sequence] && _lengths[sequence * maxDraft + position] == 0 ? _tokens[sequence * maxDraft + position] : -1;

    /// <summary>What a token of a draft was sampled from; empty where it was not left to chance.</summary>
    public ReadOnlySpan<DraftCandidate> Distribution(int sequence, int position)
    {
        int at = sequence * maxDraft + position;
        return _lengths[at] == 0 ? default : _candidates.AsSpan(at * IDraftSink.MaxCandidates, _lengths[at]);
    }

    /// <summary>Shortens a draft.</summary>
    public void Cut(int sequence, int count) => _counts[sequence] = Math.Min(_counts[sequence], count);

    /// <summary>Shortens a draft to its first tokens because the next one cannot come.</summary>
    public void Refuse(int sequence, int count) => _counts[sequence] = _refused[sequence] = count;

    /// <summary>The token at a place of a draft, if that is why it was shortened; −1: it is not.</summary>
    public int Refused(int sequence, int position) => _refused[sequence] == position ? _tokens[sequence * maxDraft + position] : -1;

    /// <summary>Forgets a draft.</summary>
    public void Drop(int sequence) => (_counts[sequence], _proposed[sequence], _refused[sequence]) = (0, 0, -1);

    /// <inheritdoc/>
    public void Add(int sequence, int source, ReadOnlySpan<int> tokens) => Add(sequence, source, tokens, 0);

    /// <inheritdoc/>
    public void Add(int sequence, int source, ReadOnlySpan<int> tokens, int agreed)
    {
        Require(sequence, source);
        if (agreed < 0)
            throw Fail($"a draft that {agreed} tokens agree with");
        if (_counts[sequence] == 0)
            _agreed[sequence] = agreed;
        foreach (int token in tokens)
            Append(sequence, token, 0);
    }

    /// <inheritdoc/>
    public void AddSampled(int sequence, int source, int token, ReadOnlySpan<DraftCandidate> distribution)
    {
        Require(sequence, source);
        if (distribution.IsEmpty || distribution.Length > IDraftSink.MaxCandidates)
            throw Fail($"a distribution of {distribution.Length} candidates, expected 1 to {IDraftSink.MaxCandidates}");
        double sum = 0;
        bool drawn = false;
        for (int i = 0; i < distribution.Length; i++)
        {
            (int candidate, float probability) = distribution[i];
            if ((uint)candidate >= (uint)vocabulary)
                throw Fail($"candidate {candidate} is not in 0 to {vocabulary - 1}");
            if (!(probability > 0))
                throw Fail($"candidate {candidate} has probability {probability}");
            for (int before = 0; before < i; before++)
                if (distribution[before].Token == candidate)
                    throw Fail($"candidate {candidate} stands in the distribution twice");
            drawn |= candidate == token;
            sum += probability;
        }
        if (!drawn || !(Math.Abs(sum - 1) <= MassTolerance))
            throw Fail(drawn ? $"probabilities that add up to {sum}" : $"draft token {token} is not in the distribution that it was drawn from");
        if (_counts[sequence] == _rooms[sequence])
            return;
        if (_candidates.Length == 0)
            _candidates = new DraftCandidate[_tokens.Length * IDraftSink.MaxCandidates];
        Span<DraftCandidate> place = _candidates.AsSpan((sequence * maxDraft + _counts[sequence]) * IDraftSink.MaxCandidates);
        for (int i = 0; i < distribution.Length; i++)
            place[i] = distribution[i] with { Probability = (float)(distribution[i].Probability / sum) };
        Append(sequence, token, distribution.Length);
    }

    private void Append(int sequence, int token, int candidates)
    {
        if (_counts[sequence] == _rooms[sequence])
            return;
        if ((uint)token >= (uint)vocabulary)
            throw Fail($"draft token {token} is not in 0 to {vocabulary - 1}");
        int at = sequence * maxDraft + _counts[sequence]++;
        _proposed[sequence] = _counts[sequence];
        _tokens[at] = token;
        _lengths[at] = (byte)candidates;
    }

    private void Require(int sequence, int source)
    {
        if (_closed)
            throw new PluginException("decoding strategy: it was given up, and drafts no more");
        if ((uint)sequence >= (uint)_open)
            throw Fail($"drafts for sequence {sequence}, {_open} were asked for");
        if ((uint)source >= (uint)sources)
            throw Fail($"drafts from source {source}, it has {sources}");
        if (_counts[sequence] > 0 && _sources[sequence] != source)
            throw Fail($"a draft from sources {_sources[sequence]} and {source} at once");
        _sources[sequence] = source;
    }

    private PluginException Fail(string what)
    {
        Problem ??= what;
        return new PluginException($"decoding strategy: {what}");
    }
}
