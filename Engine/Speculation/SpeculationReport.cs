namespace Tessera.Engine.Speculation;

/// <summary>What an engine knows of its drafts: the inputs of the formula that chooses their length, and its present choice.</summary>
/// <param name="Sources">The strategy's sources, in the order in which they are tried.</param>
/// <param name="Acceptance">For each source, the chance that a draft token is accepted when those before it are, by position; where drafts say how far they agree, <see cref="AgreedAcceptance"/> is what counts.</param>
/// <param name="Batch">The sequences that decoded in the last step; the rest is for so many.</param>
/// <param name="StepMilliseconds">What a step takes with 0, 1, … draft rows.</param>
/// <param name="DraftMilliseconds">What a batch of the draft model takes; NaN where there is none.</param>
/// <param name="Rates">For each source, the expected tokens per second of the batch when every sequence has a draft of 0, 1, … tokens.</param>
/// <param name="Chosen">Draft rows of the last step.</param>
/// <param name="AccountMilliseconds">Time that drafts have saved and not lost again, within the bounds that keep drafts from costing; at 0 and below nothing is drafted.</param>
/// <param name="Faults">Turns that the strategy has lost.</param>
/// <param name="Problem">Why it is not asked any more; null while it is.</param>
public sealed record SpeculationReport(IReadOnlyList<string> Sources, double[][] Acceptance, int Batch, double[] StepMilliseconds, double DraftMilliseconds, double[][] Rates, int Chosen, double AccountMilliseconds, int Faults, string? Problem)
{
    /// <summary>The formula, for people.</summary>
    public const string Formula = "tokens/s = B * M / (T(B sequences, k draft rows) + T(drafting)), M: harmonic mean over the sequences of 1 + sum of P(draft accepted up to a token); the k with the most is chosen, 0 included";

    /// <summary>For each source, the chance that a draft token is accepted when as many tokens before it agree with where the draft comes from as <see cref="Agreements"/> says; for drafts that say how far they agree.</summary>
    public double[][] AgreedAcceptance { get; init; } = [];

    /// <summary>The fewest tokens of each class in <see cref="AgreedAcceptance"/>.</summary>
    public static IReadOnlyList<int> Agreements { get; } = [.. AcceptanceStats.Agreements];

    internal static SpeculationReport Of(Drafter drafter)
    {
        DraftTuner tuner = drafter.Tuner;
        int batch = tuner.Batch, most = drafter.MaxDraft;
        double[] steps = [.. Enumerable.Range(0, most + 1).Select(k => tuner.Costs.Milliseconds(batch, k))];
        double forward = drafter.Model is null ? double.NaN : tuner.Forward(batch);
        return new(drafter.Sources,
            [.. drafter.Sources.Select((_, source) => Enumerable.Range(0, most).Select(i => tuner.General.Chance(source, 0, i)).ToArray())],
            batch, steps, forward,
            [.. drafter.Sources.Select((name, source) => Enumerable.Range(0, most + 1).Select(k => Rate(source, k, name == DraftSources.Model ? k * forward : 0)).ToArray())],
            tuner.Chosen, tuner.Account, drafter.Faults, drafter.Problem)
        {
            AgreedAcceptance = [.. drafter.Sources.Select((_, source) => Agreements.Select(agreed => tuner.General.Chance(source, agreed, 0)).ToArray())],
        };

        double Rate(int source, int k, double drafting)
        {
            double tokens = batch;
            for (int length = 1; length <= k; length++)
                tokens += batch * tuner.Reach(source, length);
            return 1000 * tokens / (tuner.Costs.Milliseconds(batch, k * batch) + (double.IsNaN(drafting) ? 0 : drafting));
        }
    }
}
