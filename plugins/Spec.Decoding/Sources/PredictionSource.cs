namespace Tessera.Spec.Decoding.Sources;

/// <summary>The client's prediction, from where the output has come to in it. After a divergence the place is looked for again: by the output's last tokens, near where it was lost first.</summary>
internal sealed class PredictionSource : IDraftSource
{
    /// <summary>How far a single token is looked for: alone it says little.</summary>
    private const int Near = 16;

    private readonly SequenceStates<Place> _places = new(static () => new Place(), static place => place.Clear());

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
                Follow(place, prediction, output[..(place.Length + 1)]);
            if (turn.IsOpen(i) && place.Next >= 0 && place.Next < prediction.Length)
                turn.Add(i, prediction.Slice(place.Next, Math.Min(turn.Room(i), prediction.Length - place.Next)));
        }
    }

    /// <inheritdoc/>
    public void Ended(long sequence) => _places.Remove(sequence);

    private static void Follow(Place place, ReadOnlySpan<int> prediction, ReadOnlySpan<int> output)
    {
        int token = output[^1];
        if (place.Next >= 0 && place.Next < prediction.Length && prediction[place.Next] == token)
        {
            place.Next = place.Certain = place.Next + 1;
            return;
        }
        for (int n = 3; n >= 2; n--)
            if (n <= output.Length && Find(prediction, output[^n..], Math.Max(0, place.Certain - n), prediction.Length) is >= 0 and int at)
            {
                place.Next = place.Certain = at + n;
                return;
            }
        if (output.Length >= 3 && Find(prediction, output[^3..], 0, place.Certain) is >= 0 and int back)
        {
            place.Next = place.Certain = back + 3;
            return;
        }
        int one = Find(prediction, output[^1..], place.Certain, Math.Min(prediction.Length, place.Certain + Near));
        place.Next = one < 0 ? -1 : one + 1;
    }

    private static int Find(ReadOnlySpan<int> prediction, ReadOnlySpan<int> tokens, int from, int to)
    {
        int at = from < to ? prediction[from..to].IndexOf(tokens) : -1;
        return at < 0 ? -1 : from + at;
    }

    /// <summary>Where a sequence has come to in its prediction.</summary>
    private sealed class Place
    {
        /// <summary>Output tokens that were followed.</summary>
        public int Length { get; set; }

        /// <summary>The place of the token that should come next; −1: it is lost.</summary>
        public int Next { get; set; }

        /// <summary>The last place that more than a single token spoke for.</summary>
        public int Certain { get; set; }

        public void Clear() => (Length, Next, Certain) = (0, 0, 0);
    }
}
