using System.Globalization;

namespace Tessera.Conformance.SelfTest;

/// <summary>Compares the logits of two runtimes after the same tokens, row by row: the best tokens must be the same wherever the reference's best is ahead of its second by more than any logit deviates. How much that may be is for the caller to say.</summary>
public sealed class GreedyComparison
{
    private readonly List<(int Row, int Expected, int Found, double Gap)> _parted = [];
    private readonly List<double> _gaps = [];

    /// <summary>Rows so far.</summary>
    public int Rows => _gaps.Count;

    /// <summary>The largest difference of a logit so far.</summary>
    public double Deviation { get; private set; }

    /// <summary>Rows whose gap is so large that the best tokens must be the same.</summary>
    public int Decided => _gaps.Count(IsDecided);

    /// <summary>The rows whose best tokens differ although they must not.</summary>
    public IReadOnlyList<string> Problems => [.. _parted.Where(p => IsDecided(p.Gap)).Select(p => string.Create(CultureInfo.InvariantCulture, $"row {p.Row}: expected token {p.Expected}, which leads by {p.Gap:g3}, found {p.Found}; logits differ by at most {Deviation:g3}"))];

    /// <summary>Adds a row.</summary>
    public void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> candidate)
    {
        (int best, int found, double second) = (0, 0, double.NegativeInfinity);
        for (int i = 0; i < reference.Length; i++)
        {
            double difference = Math.Abs((double)reference[i] - candidate[i]);
            Deviation = Math.Max(Deviation, double.IsNaN(difference) ? double.PositiveInfinity : difference);
            if (i > 0 && reference[i] > reference[best])
                (second, best) = (reference[best], i);
            else if (i > 0)
                second = Math.Max(second, reference[i]);
            if (candidate[i] > candidate[found])
                found = i;
        }
        double gap = reference[best] - second;
        if (found != best)
            _parted.Add((Rows, best, found, gap));
        _gaps.Add(gap);
    }

    private bool IsDecided(double gap) => gap > Deviation;
}
