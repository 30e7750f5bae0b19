namespace Tessera.Spec.Decoding.Sources;

/// <summary>Prompt lookup: where the sequence's last tokens stood before, what followed them there. Longer n-grams go first; of equal ones, the latest place.</summary>
internal sealed class LookupSource(int least, int most) : IDraftSource
{
    private readonly SequenceStates<NgramIndex> _indexes = new(() => new NgramIndex(least, most), static index => index.Clear());

    /// <inheritdoc/>
    public void Propose(Turn turn)
    {
        for (int i = 0; i < turn.Count; i++)
        {
            ref readonly DraftSequence sequence = ref turn.Sequence(i);
            ReadOnlySpan<int> tokens = sequence.Tokens.Span;
            NgramIndex index = _indexes.Of(sequence.Id);
            index.Append(tokens);
            if (turn.IsOpen(i) && index.Match is > 0 and int from)
                turn.Add(i, Continue(tokens, from, turn.Draft.AsSpan(0, turn.Room(i))));
        }
    }

    /// <inheritdoc/>
    public void Ended(long sequence) => _indexes.Remove(sequence);

    /// <summary>Copies what stands from a place on; at the sequence's end it goes on with the draft itself, as a text that repeats does.</summary>
    private static int Continue(ReadOnlySpan<int> tokens, int from, Span<int> draft)
    {
        for (int i = 0; i < draft.Length; i++)
            draft[i] = from + i < tokens.Length ? tokens[from + i] : draft[from + i - tokens.Length];
        return draft.Length;
    }
}
