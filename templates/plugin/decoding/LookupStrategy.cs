using Tessera.Abstractions.Decoding;

namespace Acme.Plugin;

/// <summary>What followed the last two tokens the last time that they stood together is likely to follow again.</summary>
/// <param name="most">The most tokens of a draft.</param>
public sealed class LookupStrategy(int most) : IDecodingStrategy
{
    /// <inheritdoc/>
    public int MaxDraft => most;

    /// <inheritdoc/>
    public IReadOnlyList<string> Sources { get; } = ["lookup"];

    /// <inheritdoc/>
    public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
    {
        for (int i = 0; i < sequences.Length; i++)
        {
            ReadOnlySpan<int> tokens = sequences[i].Tokens.Span;
            int room = Math.Min(sequences[i].Room, most);
            if (room <= 0 || tokens.Length < 3)
                continue;
            int earlier = tokens[..^1].LastIndexOf(tokens[^2..]);
            if (earlier >= 0)
                sink.Add(i, 0, tokens.Slice(earlier + 2, Math.Min(room, tokens.Length - earlier - 2)));
        }
    }

    /// <inheritdoc/>
    public void Verified(long sequence, int proposed, int accepted)
    {
        // It proposes the same, whatever became of it.
    }

    /// <inheritdoc/>
    public void Ended(long sequence)
    {
        // It keeps nothing of a sequence.
    }
}
