using System.Globalization;

namespace Tessera.Speculation.Bench;

/// <summary>The rows that are printed: medians of both sides, their ratio beside its goal.</summary>
internal static class Table
{
    public const string Head = "| case | tokens/s without | with | ratio | goal | reached | accepted | spread |\n|---|---|---|---|---|---|---|---|";

    /// <summary>Prints a row.</summary>
    /// <param name="name">The case.</param>
    /// <param name="tokens">Tokens of a run.</param>
    /// <param name="without">Seconds of the runs without drafts.</param>
    /// <param name="with">Seconds of those with drafts.</param>
    /// <param name="goal">The least ratio that is wanted; null: there is none.</param>
    /// <param name="accepted">What became of drafts.</param>
    public static void Row(string name, double tokens, IReadOnlyList<double> without, IReadOnlyList<double> with, double? goal, string accepted)
    {
        double ratio = Median(without) / Median(with);
        string wanted = goal is { } g ? string.Create(CultureInfo.InvariantCulture, $"≥ {g:F2} | {(ratio >= g ? "yes" : "no")}") : " | ";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {tokens / Median(without):F1} | {tokens / Median(with):F1} | {ratio:F2} | {wanted} | {accepted} | {Spread(without):P0} {Spread(with):P0} |"));
    }

    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double Spread(IReadOnlyList<double> values) => (values.Max() - values.Min()) / Median(values);
}
