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

    /// <summary>Hands in the first tokens of <see cref="Draft"/>.</summary>
    public void Add(int index, int count) => Add(index, Draft.AsSpan(0, count));

    /// <summary>Hands a sequence's draft, or more of it, in.</summary>
    public void Add(int index, ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty)
            return;
        _drafted[index] = true;
        _sink!.Add(index, Source, tokens);
    }

    /// <summary>Hands a sampled token of a sequence's draft in.</summary>
    public void AddSampled(int index, int token, ReadOnlySpan<DraftCandidate> distribution)
    {
        _drafted[index] = true;
        _sink!.AddSampled(index, Source, token, distribution);
    }
}
