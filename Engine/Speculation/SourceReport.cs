namespace Tessera.Engine.Speculation;

/// <summary>What is known of a source's drafts.</summary>
/// <param name="Name">The source.</param>
/// <param name="MaxDraft">The most tokens of one; 0: it drafts with a model, and there is none.</param>
/// <param name="Acceptance">The chance that a draft token is accepted when those before it are, by its place in the draft. Where drafts say how far they agree, it is not what counts.</param>
/// <param name="Outlooks">What counts, and what is chosen by it: one for each class of agreement where drafts say how far they agree, else a single one.</param>
public sealed record SourceReport(string Name, int MaxDraft, double[] Acceptance, IReadOnlyList<DraftOutlook> Outlooks)
{
    internal static SourceReport Of(Drafter drafter, int source, int batch)
    {
        DraftTuner tuner = drafter.Tuner;
        DraftTraits traits = drafter.Traits(source);
        bool agrees = traits.TellsAgreement || tuner.IsAgreeing(source);
        double[] acceptance = [.. Enumerable.Range(0, traits.MaxDraft).Select(i => tuner.General.Chance(source, 0, i))];
        IEnumerable<int> classes = traits.MaxDraft == 0 ? [] : agrees ? SpeculationReport.Agreements : [0];
        return new(drafter.Sources[source], traits.MaxDraft, acceptance, [.. classes.Select(agreed => DraftOutlook.Of(drafter, source, agreed, batch))]);
    }
}

/// <summary>What comes of it if every sequence of a step has a draft of a source, as long as the source's can be.</summary>
/// <param name="Agreed">The tokens before the draft that agree with the place that it comes from; 0: the source does not say.</param>
/// <param name="Acceptance">The chance that its first token is accepted.</param>
/// <param name="TokensPerSecond">The expected tokens per second of all sequences when 0, 1, … tokens of each draft are verified, as many as fit a step.</param>
/// <param name="Rows">The draft rows that are chosen, the account being what it is; of all sequences together.</param>
/// <param name="Expected">The expected tokens per second of all sequences with these.</param>
public sealed record DraftOutlook(int Agreed, double Acceptance, double[] TokensPerSecond, int Rows, double Expected)
{
    internal static DraftOutlook Of(Drafter drafter, int source, int agreed, int batch)
    {
        DraftTuner tuner = drafter.Tuner;
        StepCosts costs = tuner.Costs;
        bool isModel = drafter.Sources[source] == DraftSources.Model;
        int most = drafter.Traits(source).MaxDraft, fitting = Math.Min(most, EngineOptions.MaxDraftRows / batch);
        double forward = isModel ? tuner.Forward(batch) : 0, tokens = batch, reach = batch;
        double[] rates = new double[fitting + 1];
        for (int k = 0; k <= fitting; k++)
        {
            rates[k] = 1000 * tokens / (costs.Milliseconds(batch, k * batch) + tuner.Asking + k * forward);
            tokens += reach *= tuner.General.Chance(source, agreed, k);
        }
        double first = tuner.General.Chance(source, agreed, 0);
        if (!drafter.IsTuned)
            return new(agreed, first, rates, Math.Min(most * batch, EngineOptions.MaxDraftRows), rates[^1]);
        // Sequences of which nothing is known yet. The tuner's own arrays are the step thread's.
        AcceptanceStats unknown = new(drafter.Sources.Count, drafter.MaxDraft, memory: 1);
        AcceptanceStats[] stats = [.. Enumerable.Repeat(unknown, batch)];
        DraftWeighing weighing = new(costs, tuner.General, batch);
        int length = isModel ? weighing.ModelLength(batch, stats, source, most, forward, tuner.Account) : most;
        DraftBuffer drafts = new(batch, most, drafter.Sources.Count, vocabulary: 1);
        int[] draft = new int[length];
        for (int i = 0; i < batch; i++)
        {
            drafts.Open(length);
            drafts.Add(i, source, draft, agreed);
        }
        WeighedDrafts weighed = weighing.Weigh(batch, drafts, stats, tuner.Asking + length * forward, tuner.Account);
        return new(agreed, first, rates, weighed.Rows, 1000 * batch * weighed.Rate);
    }
}
