using System.Globalization;

namespace Tessera.Host.Models;

/// <summary>The memory that this process may still take.</summary>
internal static class FreeMemory
{
    private const string MemInfo = "/proc/meminfo";

    /// <summary>Bytes, within the container's limit where there is one.</summary>
    public static long Bytes()
    {
        long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet;
        long free = Available() ?? limit;
        return Math.Max(0, Math.Min(limit, free));
    }

    /// <summary>Linux: what the kernel says can be had without swapping, its file cache included.</summary>
    private static long? Available()
    {
        if (!File.Exists(MemInfo))
            return null;
        foreach (string line in File.ReadLines(MemInfo))
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["MemAvailable:", { } kilobytes, "kB"] && long.TryParse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture, out long value))
                return value << 10;
        return null;
    }
}
