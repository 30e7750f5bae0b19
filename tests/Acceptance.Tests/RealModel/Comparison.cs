using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.RealModel;

/// <summary>Compares a generation with what a reference recorded.</summary>
internal static class Comparison
{
    /// <summary>Where a generation leaves the reference, with the reference's gap at that step; null where it never does.</summary>
    public static (int Step, double Gap)? Parting(Generation found, GoldenAnswer expected)
    {
        Assert.Equal(Goldens.Steps, found.Tokens.Length);
        Assert.Equal(Goldens.Steps, expected.Greedy.Length);
        Assert.Equal(Goldens.Steps, expected.Gaps.Length);
        int step = found.Tokens.AsSpan().CommonPrefixLength(expected.Greedy);
        return step == Goldens.Steps ? null : (step, expected.Gaps[step]);
    }

    /// <summary>The largest difference among the best tokens: of every recorded one that must be among the found ones too, and rank by rank.</summary>
    public static double LargestOfTop(Generation found, GoldenAnswer expected, double tolerance)
    {
        Assert.Equal(expected.Top.Length, found.Top.Length);
        Dictionary<int, float> byToken = found.Top.ToDictionary(t => t.Token, t => t.LogProbability);
        double largest = 0;
        for (int rank = 0; rank < expected.Top.Length; rank++)
        {
            (int token, float recorded) = (expected.Top[rank].Token, expected.Top[rank].LogProbability);
            largest = Math.Max(largest, Distance(recorded, found.Top[rank].LogProbability));
            if (byToken.TryGetValue(token, out float own))
                largest = Math.Max(largest, Distance(recorded, own));
            else if (recorded > found.Top[^1].LogProbability + tolerance)
                largest = double.PositiveInfinity;
        }
        return largest;
    }

    /// <summary>The distance of two numbers; infinite where one is not a number.</summary>
    public static double Distance(double a, double b) => double.IsFinite(a - b) ? Math.Abs(a - b) : double.PositiveInfinity;
}
