using System.Globalization;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>How much of mapped files this process has looked at, as Linux counts it: the pages that it has in its own tables.</summary>
internal static class TouchedBytes
{
    /// <summary>By the files' paths; files that are not mapped are not there.</summary>
    public static Dictionary<string, long> ByPath()
    {
        Dictionary<string, long> bytes = new(StringComparer.Ordinal);
        string path = "";
        foreach (string line in File.ReadLines("/proc/self/smaps"))
            if (line.StartsWith("Rss:", StringComparison.Ordinal))
            {
                if (path.Length > 0)
                    bytes[path] = bytes.GetValueOrDefault(path) + 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            }
            // The head of a mapping: addresses, rights, offset, device, inode, path.
            else if (line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var at && line.Split(' ')[0].Contains('-', StringComparison.Ordinal))
                path = line[at..];
            else if (!line.Contains(": ", StringComparison.Ordinal))
                path = "";
        return bytes;
    }
}
