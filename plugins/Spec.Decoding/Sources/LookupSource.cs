namespace Tessera.Spec.Decoding.Sources;

/// <summary>Prompt lookup: where the sequence's last tokens stood before, what followed them there. A place that is being followed is kept until another one agrees with more tokens; of new ones, longer n-grams go first, and of equal ones the latest.</summary>
/// <remarks>A text that is copied with changes so goes on where the copy was left, and not where its last few tokens happened to stand last.</remarks>
internal sealed class LookupSource(int least, int most) : IDraftSource
{
    private readonly SequenceStates<State> _states = new(() => new State(least, most), static state => state.Clear());

    /// <inheritdoc/>
    public DraftTraits Traits => new(int.MaxValue, TellsAgreement: true);

    /// <inheritdoc/>
    public void Propose(Turn turn)
    {
        for (int i = 0; i < turn.Count; i++)
        {
            ref readonly DraftSequence sequence = ref turn.Sequence(i);
            ReadOnlySpan<int> tokens = sequence.Tokens.Span;
            State state = _states.Of(sequence.Id);
            state.Append(tokens);
            if (turn.IsOpen(i) && state.Trail.Next is >= 0 and int from && from < tokens.Length)
                turn.Add(i, Continue(tokens, from, turn.Draft.AsSpan(0, turn.Room(i))), state.Trail.Agreed);
        }
    }

    /// <inheritdoc/>
    public void Ended(long sequence) => _states.Remove(sequence);

    /// <summary>Copies what stands from a place on; at the sequence's end it goes on with the draft itself, as a text that repeats does.</summary>
    private static int Continue(ReadOnlySpan<int> tokens, int from, Span<int> draft)
    {
        for (int i = 0; i < draft.Length; i++)
            draft[i] = from + i < tokens.Length ? tokens[from + i] : draft[from + i - tokens.Length];
        return draft.Length;
    }

    /// <summary>What is known of a sequence.</summary>
    private sealed class State(int least, int most)
    {
        /// <summary>Tokens of one call up to which it is output that was followed; more is a prompt, whose repetitions nobody drafted for.</summary>
        private const int MostFollowed = 64;

        private readonly NgramIndex _index = new(least, most);

        public Trail Trail { get; } = new(anywhere: false);

        public void Append(ReadOnlySpan<int> tokens)
        {
            int before = _index.Length;
            _index.Append(tokens);
            if (_index.Length - before > MostFollowed)
                Trail.Lose();
            else
                for (int end = before + 1; end <= _index.Length; end++)
                    Trail.Follow(tokens[..(end - 1)], tokens[..end]);
            if (_index.Match > 0 && _index.Agreed(tokens) is int agreed && agreed > Trail.Agreed)
                Trail.Start(_index.Match, agreed);
            // While a long prompt is taken in, nothing is known of its end.
            if (_index.Length < tokens.Length)
                Trail.Lose();
        }

        public void Clear()
        {
            _index.Clear();
            Trail.Lose();
        }
    }
}
