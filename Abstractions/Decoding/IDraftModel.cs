using Tessera.Abstractions.Backends;

namespace Tessera.Abstractions.Decoding;

/// <summary>A second, smaller model with the same vocabulary, in Engine's care: its own composition, KV blocks and batches, on the same team. Used inside <see cref="IDecodingStrategy.Propose"/> only.</summary>
public interface IDraftModel
{
    /// <summary>The number of token ids; none beyond is drafted.</summary>
    int VocabularySize { get; }

    /// <summary>Computes in one batch, for all sequences at once, what is not computed yet of them: one row each while drafting, a chunk of a prompt where one is far behind. At most <see cref="IDecodingStrategy.MaxDraft"/> times in one call of <see cref="IDecodingStrategy.Propose"/>.</summary>
    /// <param name="sequences">Sequences of the step, each at most once.</param>
    /// <exception cref="TesseraException">It is called too often, too many best tokens are wanted, or the model has failed.</exception>
    void Compute(ReadOnlySpan<DraftModelSequence> sequences);

    /// <summary>The tokens of the highest logits after the last token of a sequence of the last <see cref="Compute"/>, best first, of equals the lowest id first: as many as it wanted, less those whose logit is −∞. Valid until the next <see cref="Compute"/>; empty while the sequence has not caught up, where it does not fit the model's context or memory, and where a logit is NaN or +∞.</summary>
    /// <param name="sequence">Its index in the span that was given.</param>
    ReadOnlySpan<BestToken> Best(int sequence);
}

/// <summary>A sequence as a draft model is to see it.</summary>
/// <param name="Id">The sequence's id.</param>
/// <param name="Tokens">Prompt and output so far.</param>
/// <param name="Draft">The draft so far, which follows them.</param>
/// <param name="Best">How many tokens of the highest logits are wanted: 1 … <see cref="IDraftSink.MaxCandidates"/>.</param>
public readonly record struct DraftModelSequence(long Id, ReadOnlyMemory<int> Tokens, ReadOnlyMemory<int> Draft, int Best = 1);
