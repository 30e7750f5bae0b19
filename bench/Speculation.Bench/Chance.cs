namespace Tessera.Speculation.Bench;

/// <summary>Drafts a recorded continuation, each token of which is right with a probability; the same tokens are wrong in every run.</summary>
/// <param name="recorded">What was recorded behind the prompt.</param>
/// <param name="acceptance">The probability.</param>
internal sealed class Chance(int[] recorded, double acceptance) : IDecodingStrategy
{
    private const int Most = 8;

    private readonly bool[] _right = [.. recorded.Select((_, place) => new Random(place * 7919 + 1).NextDouble() < acceptance)];

    public int MaxDraft => Most;

    public IReadOnlyList<string> Sources { get; } = ["recorded"];

    public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
    {
        Span<int> draft = stackalloc int[Most];
        for (int i = 0; i < sequences.Length; i++)
        {
            int from = sequences[i].Tokens.Length - sequences[i].PromptLength, count = Math.Min(Math.Min(sequences[i].Room, Most), recorded.Length - from);
            for (int k = 0; k < count; k++)
                draft[k] = _right[from + k] ? recorded[from + k] : Math.Abs(recorded[from + k] - 1);
            if (count > 0)
                sink.Add(i, 0, draft[..count]);
        }
    }

    public void Verified(long sequence, int proposed, int accepted) { }

    public void Ended(long sequence) { }

    /// <summary>The most that these drafts can gain: the recorded tokens with the best fixed length, when a step takes what was measured.</summary>
    /// <param name="steps">Milliseconds of a step with 0, 1, … draft rows.</param>
    public double Theory(double[] steps)
    {
        double plain = (recorded.Length - 1) * steps[0], best = plain;
        for (int most = 1; most < steps.Length; most++)
        {
            double time = 0;
            // The first token is the prompt's; each step adds what is accepted, and one more.
            for (int at = 1; at < recorded.Length;)
            {
                int room = Math.Min(most, recorded.Length - at - 1), accepted = 0;
                while (accepted < room && _right[at + accepted])
                    accepted++;
                time += steps[room];
                at += accepted + 1;
            }
            best = Math.Min(best, time);
        }
        return plain / best;
    }
}
