using System.Diagnostics;

namespace Tessera.Tokenizers.Common;

/// <summary>Counts the work of an encoding where a test compiles these sources with COUNT_STEPS; in the product the calls are not there.</summary>
internal static class StepCounter
{
    public static long Steps { get; set; }

    [Conditional("COUNT_STEPS")]
    public static void Add(int steps = 1) => Steps += steps;
}
