using Tessera.Engine.Scheduling;

namespace Tessera.Engine;

/// <summary>What one engine can do for another that takes its place.</summary>
public sealed partial class ModelEngine
{
    /// <summary>Whether it has failed and keeps its requests until somebody decides.</summary>
    public bool IsHeld => _scheduler.Intake.IsHeld;

    /// <summary>Whether logits that are not numbers are a failure of the engine (see the constructor's <c>onFault</c>) and not of the sequence alone: while a composition has still to prove itself.</summary>
    public bool IsOnTrial
    {
        get => _scheduler.IsOnTrial;
        set => _scheduler.IsOnTrial = value;
    }

    /// <summary>How long the plugin that computes a step now has been at it; zero between steps.</summary>
    public TimeSpan CallTime => _scheduler.Intake.CallTime;

    /// <summary>Whether another engine's sequences fit into this one: as long a context, as many continuations, the same ids.</summary>
    public bool CanAdopt(ModelEngine other)
    {
        ArgumentNullException.ThrowIfNull(other);
        (Composition own, Composition theirs) = (Composition, other.Composition);
        return own.Limits.MaxContext >= theirs.Limits.MaxContext
            && _scheduler.MaxSequences >= other._scheduler.MaxSequences
            && own.Graph.VocabularySize == theirs.Graph.VocabularySize
            && own.Tokenizer.VocabularySize == theirs.Tokenizer.VocabularySize;
    }

    /// <summary>
    /// Lets another engine of the same model go on with every request: at the end of the running step they lose their blocks and are computed again there, from the tokens that they have. No token is written twice, and random numbers
    /// and penalties go on where they were. What is submitted here from now on is taken there.
    /// </summary>
    /// <param name="successor">The other engine; see <see cref="CanAdopt"/>.</param>
    /// <param name="mostFaults">Requests that were part of so many failed steps end with an error instead; without it their failed steps are forgotten.</param>
    /// <returns>The sequences that moved and had been begun here.</returns>
    /// <exception cref="ArgumentException">The other engine has no room for them.</exception>
    public Task<int> HandOverAsync(ModelEngine successor, int mostFaults = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(successor);
        if (!successor.CanAdopt(this))
            throw new ArgumentException($"the engine of '{successor.Composition.Name}' has no room for what runs on that of '{Composition.Name}'", nameof(successor));
        return _scheduler.Intake.Order(successor._scheduler.Intake, mostFaults);
    }

    /// <summary>Ends every request of an engine that has failed with that failure, and refuses others.</summary>
    public Task GiveUpAsync() => _scheduler.Intake.Order(null, 0);

    /// <summary>Takes every request away while a plugin that does not return computes a step, and lets another engine go on with them; what the plugin still does is not heeded. Disposing this engine waits for the plugin.</summary>
    /// <param name="successor">The other engine; null: they end with an error.</param>
    /// <param name="text">What is wrong, for <see cref="Faulted"/>.</param>
    /// <param name="mostFaults">Requests that were part of so many failed steps end with an error instead.</param>
    /// <returns>The sequences that moved and had been begun here; null: no plugin computes now.</returns>
    public int? TakeAway(ModelEngine? successor, string text, int mostFaults = int.MaxValue)
    {
        if (_scheduler.Intake.Disown(successor?._scheduler.Intake, text) is not { } sequences)
            return null;
        _scheduler.Readers.Scatter();
        foreach (Sequence sequence in sequences.Where(s => successor is null || s.Faults >= mostFaults))
            foreach (Sequence each in (Sequence[])[sequence, .. sequence.Followers])
                each.Stream.Finish(Generation.FinishReason.Error, new EngineFaultedException(Composition.Name, text).Message);
        if (successor is null)
            return 0;
        sequences.RemoveAll(s => s.Faults >= mostFaults);
        foreach (Sequence sequence in sequences)
        {
            sequence.Faults = mostFaults == int.MaxValue ? 0 : sequence.Faults;
            sequence.Stream.Migrations += sequence is { Started: true, Ended: false } ? 1 : 0;
        }
        successor._scheduler.Intake.Adopt(sequences);
        return sequences.Count(s => s.Started);
    }

    /// <summary>Gives the step up that is being computed, where the plugin heeds that; its sequences are computed again.</summary>
    public void Interrupt() => _scheduler.Intake.Interrupt();
}
