using System.Diagnostics;
using System.Globalization;

namespace Tessera.Serving.Bench;

/// <summary>Processor times of the server and of this process, as Linux counts them; elsewhere the server's are 0.</summary>
/// <param name="Seconds">When.</param>
/// <param name="Threads">The server's threads.</param>
/// <param name="Client">Seconds of this process.</param>
internal sealed record Look(double Seconds, IReadOnlyDictionary<string, Look.Times> Threads, double Client)
{
    // Lanes of the team, and the thread that steps and is a lane, too.
    private static readonly string[] Computing = ["tessera lane", "tessera step"];

    // Compiles again what has run often; Linux cuts names.
    private static readonly string[] Compiling = [".NET Tiered Com"];

    public static Look At(int process)
    {
        Dictionary<string, Times> threads = [];
        string tasks = $"/proc/{process}/task";
        foreach (string task in Directory.Exists(tasks) ? Directory.GetDirectories(tasks) : [])
        {
            // Nanoseconds on a processor, nanoseconds in wait for one, and how often it got one.
            string[] times = File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ');
            threads[task] = new(File.ReadAllText(Path.Combine(task, "comm")), long.Parse(times[0], CultureInfo.InvariantCulture) * 1e-9, long.Parse(times[2], CultureInfo.InvariantCulture));
        }
        return new Look(Stopwatch.GetElapsedTime(0, Stopwatch.GetTimestamp()).TotalSeconds, threads, Environment.CpuUsage.TotalTime.TotalSeconds);
    }

    /// <summary>Seconds since another look of the server's threads that neither compute nor schedule nor compile. Each thread's own: the process's less those that compute would have in it what these compute while one file after the other is read.</summary>
    public double DeliverySince(Look begin) => Threads.Where(t => !t.Value.Is(Computing) && !t.Value.Is(Compiling)).Sum(t => t.Value.Seconds - begin.Of(t.Key).Seconds);

    /// <summary>Seconds of the compiler since another look.</summary>
    public double CompilerSince(Look begin) => Threads.Where(t => t.Value.Is(Compiling)).Sum(t => t.Value.Seconds - begin.Of(t.Key).Seconds);

    /// <summary>Turns since another look of the threads that do not compute.</summary>
    public long TurnsSince(Look begin) => Threads.Where(t => !t.Value.Is(Computing)).Sum(t => t.Value.Turns - begin.Of(t.Key).Turns);

    private Times Of(string thread) => Threads.GetValueOrDefault(thread) ?? new Times("", 0, 0);

    /// <summary>A thread's times.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Seconds">On a processor.</param>
    /// <param name="Turns">How often it was put on one.</param>
    internal sealed record Times(string Name, double Seconds, long Turns)
    {
        public bool Is(string[] kind) => kind.Any(k => Name.StartsWith(k, StringComparison.Ordinal));
    }
}
