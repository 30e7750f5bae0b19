using System.Globalization;

namespace Tessera.Host.Compute;

/// <summary>The processors that this process may use.</summary>
internal static class Processors
{
    // No machine has more; a damaged file must not make a long list.
    private const int Most = 1 << 14;

    /// <summary>Physical cores, at most as many as the process has processors: two threads of one core have one core's arithmetic and caches between them. A container's share of time counts.</summary>
    public static int PhysicalCores { get; } = Usable("/", Environment.ProcessorCount);

    /// <summary>Physical cores that are worth a thread each.</summary>
    /// <param name="root">The folder that holds <c>proc</c> and <c>sys</c>.</param>
    /// <param name="processors">Logical processors of the process, as the runtime sees them.</param>
    public static int Usable(string root, int processors) => Math.Min(processors, Math.Min(Cores(root) ?? int.MaxValue, Quota(root) ?? int.MaxValue));

    /// <summary>The processors that the process's control groups give it time of, rounded up; null where there is no limit.</summary>
    /// <param name="root">The folder that holds <c>proc</c> and <c>sys</c>.</param>
    public static int? Quota(string root)
    {
        const string Unified = "0::/";
        if (Lines(Path.Combine(root, "proc/self/cgroup")).FirstOrDefault(l => l.StartsWith(Unified, StringComparison.Ordinal)) is not { } line)
            return null;
        int? least = null;
        // A group's limit holds for all groups in it. Within a container the path may be the machine's, of which only the end is there: the root then.
        for (string? group = line[Unified.Length..].Trim(); group is not null; group = group.Length == 0 ? null : Path.GetDirectoryName(group) ?? "")
            if (Lines(Path.Combine(root, "sys/fs/cgroup", group, "cpu.max")).FirstOrDefault()?.Split(' ') is [var time, var period] && Time(time, out long most) && Time(period, out long of))
                least = (int)Math.Min(least ?? Most, (most + of - 1) / of);
        return least;
    }

    /// <summary>The processors by number; null where the system does not say.</summary>
    /// <param name="root">The folder that holds <c>proc</c>.</param>
    public static IReadOnlyList<int>? Allowed(string root)
    {
        const string Key = "Cpus_allowed_list:";
        return Lines(Path.Combine(root, "proc/self/status")).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) is { } line ? Numbers(line[Key.Length..]) : null;
    }

    /// <summary>The physical cores among the processors; null where the system does not say.</summary>
    /// <param name="root">The folder that holds <c>proc</c> and <c>sys</c>.</param>
    public static int? Cores(string root)
    {
        if (Allowed(root) is not { Count: > 0 } allowed)
            return null;
        HashSet<int> cores = [];
        foreach (int processor in allowed)
        {
            string? siblings = Lines(Path.Combine(root, $"sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")).FirstOrDefault();
            // A core is known by its first thread.
            cores.Add(siblings is not null && Numbers(siblings) is [var first, ..] ? first : processor);
        }
        return cores.Count;
    }

    /// <summary>The numbers of a list such as <c>0-3,8</c>; null where it is none.</summary>
    public static IReadOnlyList<int>? Numbers(string list)
    {
        List<int> numbers = [];
        foreach (string part in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !Number(ends[0], out int first) || !Number(ends[^1], out int last) || last < first)
                return null;
            numbers.AddRange(Enumerable.Range(first, last - first + 1));
        }
        return numbers;
    }

    private static bool Number(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;

    private static bool Time(string text, out long microseconds) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out microseconds) && microseconds is > 0 and < 1L << 40;

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
