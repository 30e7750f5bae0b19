namespace Tessera.Abstractions.Decoding;

/// <summary>Proposes draft tokens for the sequences of a step; Engine verifies them in the same batch, so a wrong draft costs time and never changes the output.</summary>
public interface IDecodingStrategy
{
    /// <summary>The most draft tokens for one sequence in one step.</summary>
    int MaxDraft { get; }

    /// <summary>Proposes drafts for all decoding sequences of a step at once.</summary>
    /// <param name="sequences">The sequences; each may get 0 to <see cref="DraftSequence.Room"/> tokens.</param>
    /// <param name="sink">Takes the drafts, in any order of sequences.</param>
    void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink);

    /// <summary>Says what became of a draft.</summary>
    /// <param name="sequence">The sequence's id.</param>
    /// <param name="proposed">The tokens proposed.</param>
    /// <param name="accepted">How many of them, from the first on, were accepted.</param>
    void Verified(long sequence, int proposed, int accepted);

    /// <summary>Says that a sequence has ended.</summary>
    void Ended(long sequence);
}

/// <summary>A sequence that may be drafted for.</summary>
/// <param name="Id">Unique while the host runs.</param>
/// <param name="Tokens">Prompt and output so far; valid during the call.</param>
/// <param name="Room">The most draft tokens that fit.</param>
public readonly record struct DraftSequence(long Id, ReadOnlyMemory<int> Tokens, int Room);

/// <summary>Takes draft tokens.</summary>
public interface IDraftSink
{
    /// <summary>Adds drafts for a sequence of the call.</summary>
    /// <param name="sequence">The index of the sequence in the span that was given.</param>
    /// <param name="tokens">The draft, likeliest continuation, at most the sequence's room.</param>
    void Add(int sequence, ReadOnlySpan<int> tokens);
}
