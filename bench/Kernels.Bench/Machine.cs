using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Tessera.Kernels.Bench;

/// <summary>What the numbers were measured on.</summary>
internal static unsafe partial class Machine
{
    private const int ThreadClock = 3;

    public static string Processor
    {
        get
        {
            const string file = "/proc/cpuinfo";
            string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal)) : null;
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown processor";
        }
    }

    /// <summary>Processor time of this thread on Linux, which busy neighbours do not count in; else the time.</summary>
    public static double ThreadSeconds()
    {
        long* time = stackalloc long[2];
        return OperatingSystem.IsLinux() && ClockGetTime(ThreadClock, time) == 0 ? time[0] + time[1] * 1e-9 : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, long* time);
}
