namespace Tessera.Abstractions.Decoding;

/// <summary>Proposes draft tokens for the sequences of a step; Engine verifies them in the same batch, so a wrong draft costs time and never changes the output. Called from one thread at a time.</summary>
public interface IDecodingStrategy
{
    /// <summary>The most draft tokens for one sequence in one step.</summary>
    int MaxDraft { get; }

    /// <summary>The names of the sources that drafts come from, in the order in which they are tried; fixed for the strategy's life. Acceptance is tracked for each.</summary>
    IReadOnlyList<string> Sources { get; }

    /// <summary>What the drafts of a source are like; the same for the strategy's life. By default they may be as long as any, and nothing is said of where they come from.</summary>
    /// <param name="source">The index in <see cref="Sources"/>.</param>
    DraftTraits Traits(int source) => new(MaxDraft);

    /// <summary>Proposes drafts for all decoding sequences of a step at once.</summary>
    /// <param name="sequences">The sequences; each may get 0 to <see cref="DraftSequence.Room"/> tokens.</param>
    /// <param name="sink">Takes the drafts, in any order of sequences.</param>
    void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink);

    /// <summary>Says what became of a draft; called before the next <see cref="Propose"/>, in whose time and budget it falls.</summary>
    /// <param name="sequence">The sequence's id.</param>
    /// <param name="proposed">The tokens that were verified: the draft's beginning, as long as was worth a step's time.</param>
    /// <param name="accepted">How many of them, from the first on, were accepted.</param>
    void Verified(long sequence, int proposed, int accepted);

    /// <summary>Says that a sequence has ended; called as <see cref="Verified"/> is, or soon after where nothing more is decoded.</summary>
    void Ended(long sequence);
}

/// <summary>A strategy that can draft with a second model, if <see cref="DraftSources.Model"/> is among its sources.</summary>
public interface IDraftModelStrategy : IDecodingStrategy
{
    /// <summary>Hands the model over, once, before anything else is called; not called where none is configured.</summary>
    void Attach(IDraftModel model);
}

/// <summary>The names of sources that mean something to Engine.</summary>
public static class DraftSources
{
    /// <summary>Drafts from <see cref="DraftSequence.Prediction"/>; usage reports count them.</summary>
    public const string Prediction = "prediction";

    /// <summary>Drafts with the <see cref="IDraftModel"/>; Engine decides how many by what its batches cost.</summary>
    public const string Model = "draft";
}

/// <summary>What the drafts of a source are like.</summary>
/// <param name="MaxDraft">The most tokens of one; at most the strategy's own. Of <see cref="DraftSources.Model"/> no more are weighed.</param>
/// <param name="TellsAgreement">Whether the source hands in how far the place agrees that a draft comes from (<see cref="IDraftSink.Add(int, int, ReadOnlySpan{int}, int)"/>). Reports go by it before anything was drafted.</param>
public readonly record struct DraftTraits(int MaxDraft, bool TellsAgreement = false);

/// <summary>A sequence that may be drafted for.</summary>
/// <param name="Id">Unique while the host runs.</param>
/// <param name="Tokens">Prompt and output so far; valid during the call.</param>
/// <param name="Room">The most draft tokens that fit.</param>
public readonly record struct DraftSequence(long Id, ReadOnlyMemory<int> Tokens, int Room)
{
    /// <summary>The first of <see cref="Tokens"/> that are the prompt.</summary>
    public int PromptLength { get; init; }

    /// <summary>The most draft tokens that are worth the draft model's time; 0: it is not to be asked for this sequence.</summary>
    public int ModelRoom { get; init; }

    /// <summary>The temperature to sample drafts with, together with the distribution that each came from; 0: verification compares with one token, and the likeliest is the best draft.</summary>
    public float Temperature { get; init; }

    /// <summary>What the client expects the output to be, as tokens; empty when it says nothing.</summary>
    public ReadOnlyMemory<int> Prediction { get; init; }

    /// <summary>Nothing may be learned from one sequence for another with a different salt.</summary>
    public string? CacheSalt { get; init; }
}

/// <summary>A token with its probability in the distribution that a draft was sampled from.</summary>
/// <param name="Token">The id.</param>
/// <param name="Probability">Above 0.</param>
public readonly record struct DraftCandidate(int Token, float Probability);

/// <summary>Takes draft tokens.</summary>
public interface IDraftSink
{
    /// <summary>The most candidates of a sampled draft token's distribution.</summary>
    const int MaxCandidates = 32;

    /// <summary>Adds tokens that were chosen without chance to a sequence's draft.</summary>
    /// <param name="sequence">The index of the sequence in the span that was given.</param>
    /// <param name="source">The index in <see cref="IDecodingStrategy.Sources"/>; the same for all of a sequence's draft.</param>
    /// <param name="tokens">What follows the draft so far; beyond the sequence's room they are passed over.</param>
    /// <exception cref="PluginException">An index or an id is out of range.</exception>
    void Add(int sequence, int source, ReadOnlySpan<int> tokens);

    /// <summary>Adds tokens from a place that is known to agree with the sequence's last tokens. How far it agrees says how likely the draft is right: Engine tracks acceptance by it, and by the draft's own tokens, which agree too when those after them are reached.</summary>
    /// <param name="sequence">As in <see cref="Add(int, int, ReadOnlySpan{int})"/>.</param>
    /// <param name="source">As there.</param>
    /// <param name="tokens">As there.</param>
    /// <param name="agreed">The tokens before the draft that agree with those before the place; 0: not known, and acceptance goes by places in the draft. Of a draft that is added in parts, the first part's counts.</param>
    /// <exception cref="PluginException">An index or an id is out of range, or <paramref name="agreed"/> is negative.</exception>
    void Add(int sequence, int source, ReadOnlySpan<int> tokens, int agreed) => Add(sequence, source, tokens);

    /// <summary>Adds one sampled token to a sequence's draft.</summary>
    /// <param name="sequence">As in <see cref="Add(int, int, ReadOnlySpan{int})"/>.</param>
    /// <param name="source">As in <see cref="Add(int, int, ReadOnlySpan{int})"/>.</param>
    /// <param name="token">The token that was drawn.</param>
    /// <param name="distribution">What it was drawn from: at most <see cref="MaxCandidates"/>, each once, the token among them, probabilities that add up to 1.</param>
    /// <exception cref="PluginException">An index or an id is out of range, or the distribution is none.</exception>
    void AddSampled(int sequence, int source, int token, ReadOnlySpan<DraftCandidate> distribution);
}
