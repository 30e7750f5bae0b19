namespace Tessera.Spec.Decoding.Sources;

/// <summary>The client's prediction, from where the output has come to in it.</summary>
internal sealed class PredictionSource : IDraftSource
{
    /// <summary>The client's word that the output begins as the prediction does counts as so many tokens.</summary>
    private const int FirstTrust = 4;

    private readonly SequenceStates<Place> _places = new(static () => new Place(), static place => place.Clear());

    /// <inheritdoc/>
    public DraftTraits Traits => new(int.MaxValue, TellsAgreement: true);

    /// <inheritdoc/>
    public void Propose(Turn turn)
    {
        for (int i = 0; i < turn.Count; i++)
        {
            ref readonly DraftSequence sequence = ref turn.Sequence(i);
            if (sequence.Prediction.IsEmpty)
                continue;
            ReadOnlySpan<int> prediction = sequence.Prediction.Span, output = sequence.Tokens.Span[sequence.PromptLength..];
            Place place = _places.Of(sequence.Id);
            for (; place.Length < output.Length; place.Length++)
                place.Trail.Follow(prediction, output[..(place.Length + 1)]);
            int next = place.Trail.Next;
            if (turn.IsOpen(i) && next >= 0 && next < prediction.Length)
                turn.Add(i, prediction.Slice(next, Math.Min(turn.Room(i), prediction.Length - next)), place.Trail.Agreed);
        }
    }

    /// <inheritdoc/>
    public void Ended(long sequence) => _places.Remove(sequence);

    /// <summary>Where a sequence has come to in its prediction.</summary>
    private sealed class Place
    {
        public Place() => Clear();

        public Trail Trail { get; } = new(anywhere: true);

        /// <summary>Output tokens that were followed.</summary>
        public int Length { get; set; }

        public void Clear()
        {
            Trail.Start(0, FirstTrust);
            Length = 0;
        }
    }
}
