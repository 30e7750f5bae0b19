using System.Diagnostics;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>How much faster machine code is than what is built in: both take turns, and the best of each counts.</summary>
internal static class TrialTime
{
    /// <summary>From here on it is worth its use.</summary>
    public const double Worth = 1.05;

    /// <summary>Down to here it loses nothing.</summary>
    public const double NoLoss = 0.95;

    private const int Turns = 15, Passes = 8;

    /// <summary>The time of the one / the time of the other.</summary>
    public static double Gain(Action builtIn, Action native)
    {
        long best = long.MaxValue, found = long.MaxValue;
        for (int turn = 0; turn < Turns; turn++)
        {
            best = Math.Min(best, Time(builtIn));
            found = Math.Min(found, Time(native));
        }
        return (double)best / found;
    }

    private static long Time(Action pass)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Passes; i++)
            pass();
        return Stopwatch.GetTimestamp() - start;
    }
}
