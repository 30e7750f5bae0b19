namespace Tessera.Engine.Speculation;

/// <summary>What an engine knows of its drafts: the inputs of the formula that chooses their length, and what it would choose now.</summary>
/// <param name="Sources">The strategy's sources, in the order in which they are tried.</param>
/// <param name="Batch">The sequences that decoded in the last step; the rest is for so many.</param>
/// <param name="StepMilliseconds">What a step takes with 0, 1, … draft rows.</param>
/// <param name="DraftMilliseconds">What a batch of the draft model takes; NaN where there is none.</param>
/// <param name="AskingMilliseconds">What a turn of the strategy takes in which its draft model is not asked.</param>
/// <param name="AccountMilliseconds">Time that drafts have saved and not lost again, within bounds; it answers for the risk of each draft.</param>
/// <param name="Chosen">Draft rows of the last step.</param>
/// <param name="Faults">Turns that the strategy has lost.</param>
/// <param name="Problem">Why it is not asked any more; null while it is.</param>
public sealed record SpeculationReport(IReadOnlyList<SourceReport> Sources, int Batch, double[] StepMilliseconds, double DraftMilliseconds, double AskingMilliseconds, double AccountMilliseconds, int Chosen, int Faults, string? Problem)
{
    /// <summary>The formula, for people: one sentence each.</summary>
    public static IReadOnlyList<string> Formula { get; } =
    [
        "tokens/s = B * M / (T(B, k) + D): B sequences, k draft rows in the order in which they raise M most; M: harmonic mean over the sequences of 1 + sum of P(draft accepted up to a token); T: the step's time; D: what drafting took.",
        FormattableString.Invariant($"Chosen is the k with the most tokens/s of those with more than {DraftWeighing.WorthRisk} times as many as k = 0 and with account + debt > risk * (T(B, k) - T(B, 0)), else 0; risk: 1 - P(first row accepted);")
            + FormattableString.Invariant($" debt: {DraftWeighing.DebtForGain} * T(1, 0) for each time as many tokens/s again where there are more than {DraftWeighing.WorthDebt} times as many, else 0."),
        FormattableString.Invariant($"A draft model drafts as many tokens for each sequence as give the most tokens/s with its batches in D, if account > 0, or > -{DraftWeighing.ModelDebt} * T(1, 0) where there are more than {DraftWeighing.WorthDebt} times as many as without; they are weighed then as others are."),
        FormattableString.Invariant($"Beside that, a step without drafts comes every {DraftTuner.PlainEvery} steps, and where nothing was chosen a probe of one token after {DraftTuner.ProbeEvery} steps at the earliest, as the account pays for it."),
    ];

    /// <summary>The fewest tokens of each class of agreement, for sources that say how far their drafts agree.</summary>
    public static IReadOnlyList<int> Agreements { get; } = [.. AcceptanceStats.Agreements];

    /// <summary>The expected tokens per second of all sequences without drafts.</summary>
    public double PlainTokensPerSecond => 1000 * Batch / (StepMilliseconds[0] + AskingMilliseconds);

    internal static SpeculationReport Of(Drafter drafter)
    {
        DraftTuner tuner = drafter.Tuner;
        int batch = tuner.Batch;
        double[] steps = [.. Enumerable.Range(0, drafter.MaxDraft + 1).Select(k => tuner.Costs.Milliseconds(batch, k))];
        double forward = drafter.Model is null ? double.NaN : tuner.Forward(batch);
        return new([.. drafter.Sources.Select((_, source) => SourceReport.Of(drafter, source, batch))], batch, steps, forward, tuner.Asking, tuner.Account, tuner.Chosen, drafter.Faults, drafter.Problem);
    }
}
