using System.Diagnostics;

namespace Tessera.Tokenizers.Common;

/// <summary>Counts the work of an encoding where a test compiles these sources with COUNT_STEPS; in the product the calls are not there.</summary>
public static class StepCounter
{
    /// <summary>The steps since a test set them to 0.</summary>
    public static long Steps { get; set; }

    /// <summary>Counts some steps.</summary>
    [Conditional("COUNT_STEPS")]
    public static void Add(int steps = 1) => Steps += steps;
}
