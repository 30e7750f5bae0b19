namespace Tessera.Spec.Decoding.Sources;

/// <summary>One place that drafts come from.</summary>
internal interface IDraftSource
{
    /// <summary>What its drafts are like, however long the strategy's may be.</summary>
    DraftTraits Traits { get; }

    /// <summary>Takes the sequences' new tokens in, and drafts for those that have no draft yet.</summary>
    void Propose(Turn turn);

    /// <summary>Forgets a sequence.</summary>
    void Ended(long sequence);
}
