using System.Globalization;

namespace Tessera.Host.Compute;

/// <summary>The processors that this process may use.</summary>
internal static class Processors
{
    // No machine has more; a damaged file must not make a long list.
    private const int Most = 1 << 14;

    /// <summary>Physical cores, at most as many as the process has processors: two threads of one core have one core's arithmetic and caches between them. A container's share of time counts, as the runtime sees it.</summary>
    public static int PhysicalCores { get; } = Math.Min(Environment.ProcessorCount, Cores("/") ?? int.MaxValue);

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
