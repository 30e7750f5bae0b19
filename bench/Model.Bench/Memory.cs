using System.Globalization;

namespace Tessera.Model.Bench;

/// <summary>This process's memory in bytes, as Linux counts it; 0 elsewhere.</summary>
internal static class Memory
{
    private const string File = "/proc/self/status";

    /// <summary>The most that was resident, mapped files included.</summary>
    public static long Peak => Read("VmHWM:");

    /// <summary>What is resident and of no file.</summary>
    public static long Anonymous => Read("RssAnon:");

    private static long Read(string key)
    {
        string? line = System.IO.File.Exists(File) ? System.IO.File.ReadLines(File).FirstOrDefault(text => text.StartsWith(key, StringComparison.Ordinal)) : null;
        return line is null ? 0 : long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
