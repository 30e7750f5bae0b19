namespace Tessera.Conformance.Checks;

/// <summary>How far a backend's outputs are from the reference's.</summary>
/// <param name="MaxAbsolute">The largest |candidate − reference| over all logits and hidden states; infinite for a NaN.</param>
/// <param name="MaxRelative">The largest of a row's largest difference over the row's largest reference value.</param>
/// <param name="Outputs">The output rows that were compared.</param>
/// <param name="Worst">Where the largest relative difference is, for a test's message.</param>
public sealed record CheckReport(double MaxAbsolute, double MaxRelative, int Outputs, string Worst);
