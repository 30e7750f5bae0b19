namespace Tessera.Engine.Scheduling;

/// <summary>What one step did.</summary>
/// <param name="Step">The step's number, from 1.</param>
/// <param name="PrefillRows">Rows of prompts.</param>
/// <param name="DecodeRows">Rows of sequences that were decoding, drafts not counted.</param>
/// <param name="DraftRows">Rows of draft tokens.</param>
/// <param name="Accepted">Draft tokens that were accepted.</param>
/// <param name="Emitted">Tokens that were written to streams.</param>
/// <param name="Waiting">Sequences waiting after the step.</param>
/// <param name="Running">Sequences prefilling or decoding after the step.</param>
/// <param name="Preempted">Sequences that lost their blocks in this step.</param>
/// <param name="Elapsed">The step's time.</param>
/// <param name="Computing">The part of it in which the runtime computed.</param>
/// <param name="Scheduling">Processor time that the step thread has taken since it had computed the step before, but for computing and for the decoding strategy: taking a step in, drawing, planning.</param>
public readonly record struct StepRecord(long Step, int PrefillRows, int DecodeRows, int DraftRows, int Accepted, int Emitted, int Waiting, int Running, int Preempted, TimeSpan Elapsed, TimeSpan Computing, TimeSpan Scheduling);

/// <summary>Watches an engine from its step thread: quick, no exceptions.</summary>
public interface IEngineObserver
{
    /// <summary>A step has ended.</summary>
    void Step(in StepRecord record);

    /// <summary>A request's first token was written, so long after it was submitted.</summary>
    void FirstToken(TimeSpan sinceSubmit);

    /// <summary>Another token was written, so long after the one before it.</summary>
    void NextToken(TimeSpan sinceLast);

    /// <summary>A draft was verified.</summary>
    /// <param name="source">Where it came from, as the decoding strategy names it.</param>
    /// <param name="proposed">Its tokens.</param>
    /// <param name="accepted">How many of them were accepted.</param>
    void Drafted(string source, int proposed, int accepted) { }

    /// <summary>The decoding strategy has failed.</summary>
    /// <param name="problem">How.</param>
    /// <param name="isLast">It is not asked any more.</param>
    void DraftFault(string problem, bool isLast) { }

    /// <summary>A sequence has ended.</summary>
    void Finished(Generation.FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens);
}
