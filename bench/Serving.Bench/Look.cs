using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Tessera.Serving.Bench;

/// <summary>Processor times of the server and of this process, as Linux counts them; elsewhere the server's are 0.</summary>
/// <param name="Seconds">When.</param>
/// <param name="Delivery">Seconds of the server's threads that neither compute nor schedule.</param>
/// <param name="Turns">How often each of those was put on a processor.</param>
/// <param name="Client">Seconds of this process.</param>
internal sealed unsafe partial record Look(double Seconds, double Delivery, IReadOnlyDictionary<string, long> Turns, double Client)
{
    // Lanes of the team, and the thread that steps and is a lane, too.
    private static readonly string[] Computing = ["tessera lane", "tessera step"];

    public static Look At(int process)
    {
        double delivery = ProcessSeconds(process);
        Dictionary<string, long> turns = [];
        string tasks = $"/proc/{process}/task";
        foreach (string task in Directory.Exists(tasks) ? Directory.GetDirectories(tasks) : [])
        {
            // Nanoseconds on a processor, nanoseconds in wait for one, and how often it got one.
            string name = File.ReadAllText(Path.Combine(task, "comm"));
            string[] times = File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ');
            if (Computing.Any(c => name.StartsWith(c, StringComparison.Ordinal)))
                delivery -= long.Parse(times[0], CultureInfo.InvariantCulture) * 1e-9;
            else
                turns[task] = long.Parse(times[2], CultureInfo.InvariantCulture);
        }
        return new Look(Stopwatch.GetElapsedTime(0, Stopwatch.GetTimestamp()).TotalSeconds, delivery, turns, Environment.CpuUsage.TotalTime.TotalSeconds);
    }

    /// <summary>Turns of threads since another look.</summary>
    public long TurnsSince(Look begin) => Turns.Sum(t => t.Value - begin.Turns.GetValueOrDefault(t.Key));

    /// <summary>A process's time with that of threads that have ended, in nanoseconds and not in ticks.</summary>
    private static double ProcessSeconds(int process)
    {
        long* time = stackalloc long[2];
        return OperatingSystem.IsLinux() && ClockGetTime((~process << 3) | 2, time) == 0 ? time[0] + time[1] * 1e-9 : 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, long* time);
}
