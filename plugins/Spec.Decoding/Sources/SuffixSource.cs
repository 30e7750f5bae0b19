namespace Tessera.Spec.Decoding.Sources;

/// <summary>Recent outputs of the model: what mostly followed there where the sequence is now. Outputs of requests with different salts know nothing of each other.</summary>
/// <remarks>Two trees keep the memory bounded: when the one that is written is full, it becomes the one that is only read, and the older one is emptied.</remarks>
internal sealed class SuffixSource : IDraftSource
{
    /// <summary>The most tokens that a place is found by, and the least.</summary>
    private const int MostContext = 6, LeastContext = 2;

    /// <summary>A place is followed for so many tokens; for as many more as it was found by fewer than the most.</summary>
    private const int MostDraft = 10;

    private readonly SequenceStates<State> _states = new(static () => new State(), static state => state.Clear());
    private readonly int _tokens;
    private SuffixTree _written = new(MostContext + MostDraft), _read = new(MostContext + MostDraft);
    private int _generation = 1;

    /// <param name="tokens">The tokens that a tree takes.</param>
    public SuffixSource(int tokens) => _tokens = tokens;

    /// <inheritdoc/>
    public DraftTraits Traits => new(MostContext + MostDraft - LeastContext, TellsAgreement: true);

    /// <inheritdoc/>
    public void Propose(Turn turn)
    {
        for (int i = 0; i < turn.Count; i++)
        {
            ref readonly DraftSequence sequence = ref turn.Sequence(i);
            State state = _states.Of(sequence.Id);
            ReadOnlySpan<int> output = sequence.Tokens.Span[sequence.PromptLength..];
            Learn(state, sequence.CacheSalt, output);
            if (turn.IsOpen(i))
                turn.Add(i, Draft(state, sequence.CacheSalt, output, turn.Draft.AsSpan(0, turn.Room(i)), out int agreed), agreed);
        }
    }

    /// <inheritdoc/>
    public void Ended(long sequence) => _states.Remove(sequence);

    private void Learn(State state, string? salt, ReadOnlySpan<int> output)
    {
        for (; state.Length < output.Length; state.Length++)
        {
            if (_written.Tokens >= _tokens)
            {
                (_written, _read) = (_read, _written);
                _written.Clear();
                _generation++;
            }
            if (state.Generation != _generation)
            {
                Array.Clear(state.Path);
                state.Generation = _generation;
            }
            _written.Append(salt, state.Path, output[state.Length]);
        }
    }

    private int Draft(State state, string? salt, ReadOnlySpan<int> output, Span<int> draft, out int agreed)
    {
        int context = Math.Min(MostContext, output.Length), node = 0, place = 0;
        SuffixTree tree = _written;
        // The path's own nodes are there in any case; one with a child has stood somewhere else too.
        for (int n = state.Generation == _generation ? context : 0; n >= LeastContext && place == 0; n--)
            if (state.Path[n - 1] is > 0 and int here && tree.Next(here, out _) > 0)
                (node, place) = (here, n);
        for (int n = context; n >= LeastContext && n > place; n--)
            if (Walk(_read, _read.FindRoot(salt), output[^n..]) is > 0 and int there && _read.Next(there, out _) > 0)
                (tree, node, place) = (_read, there, n);
        agreed = place;
        int count = 0;
        while (node > 0 && count < draft.Length && (node = tree.Next(node, out int token)) > 0)
            draft[count++] = token;
        return count;
    }

    private static int Walk(SuffixTree tree, int root, ReadOnlySpan<int> tokens)
    {
        int node = root;
        for (int i = 0; i < tokens.Length && node > 0; i++)
            node = tree.Child(node, tokens[i]);
        return node;
    }

    private sealed class State
    {
        public int[] Path { get; } = new int[MostContext + MostDraft];
        public int Length { get; set; }
        public int Generation { get; set; }

        public void Clear()
        {
            Array.Clear(Path);
            (Length, Generation) = (0, 0);
        }
    }
}
