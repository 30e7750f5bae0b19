namespace Tessera.Spec.Decoding.Sources;

/// <summary>The sequences of a step and the drafts that they have so far. One object, used again in every step.</summary>
internal sealed class Turn(int maxDraft)
{
    private DraftSequence[] _sequences = [];
    private bool[] _drafted = [];
    private IDraftSink? _sink;

    /// <summary>The sequences.</summary>
    public int Count { get; private set; }

    /// <summary>The number of the source whose turn it is.</summary>
    public int Source { get; set; }

    /// <summary>The draft that is being made.</summary>
    public int[] Draft { get; } = new int[maxDraft];

    public void Start(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
    {
        Count = sequences.Length;
        if (_sequences.Length < Count)
            (_sequences, _drafted) = (new DraftSequence[Count], new bool[Count]);
        sequences.CopyTo(_sequences);
        Array.Clear(_drafted, 0, Count);
        _sink = sink;
    }

    /// <summary>Keeps nothing of the step: its tokens are valid during the call only.</summary>
    public void End()
    {
        Array.Clear(_sequences, 0, Count);
        (Count, _sink) = (0, null);
    }

    /// <summary>A sequence.</summary>
    public ref readonly DraftSequence Sequence(int index) => ref _sequences[index];

    /// <summary>Whether a sequence still wants a draft.</summary>
    public bool IsOpen(int index) => !_drafted[index];

    /// <summary>The most tokens that a source may draft for a sequence.</summary>
    public int Room(int index) => Math.Min(_sequences[index].Room, Draft.Length);

    /// <summary>Hands in the first tokens of <see cref="Draft"/>, which so many tokens before them speak for.</summary>
    public void Add(int index, int count, int agreed) => Add(index, Draft.AsSpan(0, count), agreed);

    /// <summary>Hands a sequence's draft, or more of it, in.</summary>
    /// <param name="index">The sequence.</param>
    /// <param name="tokens">The draft.</param>
    /// <param name="agreed">The tokens before it that agree with the place that it comes from; 0: not known.</param>
    public void Add(int index, ReadOnlySpan<int> tokens, int agreed = 0)
    {
        if (tokens.IsEmpty)
            return;
        _drafted[index] = true;
        _sink!.Add(index, Source, tokens, agreed);
    }

    /// <summary>Hands a sampled token of a sequence's draft in.</summary>
    public void AddSampled(int index, int token, ReadOnlySpan<DraftCandidate> distribution)
    {
        _drafted[index] = true;
        _sink!.AddSampled(index, Source, token, distribution);
    }
}
