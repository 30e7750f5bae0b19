using System.Diagnostics;
using System.Globalization;

namespace Tessera.Host.Files;

/// <summary>Mapped files whose bytes are in the page cache in small pages, as whatever wrote or downloaded them left them: they are read once more, in large ones.</summary>
/// <remarks>What is read meanwhile waits for its part of the disk, and is the same. Pages that another process has mapped too stay as they are, as do those of files that this one may not write, and bytes that are not on the disk yet.</remarks>
internal static unsafe class SmallPages
{
    /// <summary>Smaller files are left alone; larger ones are read so many bytes at a time, a multiple of a large page.</summary>
    public const int Step = 32 << 20;

    private const int PageOut = 21, Unmap = 4;

    // A slower disk costs requests more than large pages give.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>Replaces the small pages of a range that has been brought; Linux alone. Ends early where the file system gives no large ones, and where its disk is slow.</summary>
    /// <param name="data">Where a mapping begins.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="goesOn">Asked before every step.</param>
    public static void Replace(byte* data, long bytes, Func<bool> goesOn)
    {
        if (!OperatingSystem.IsLinux() || bytes < Step)
            return;
        long large = LargeBytes(data, bytes);
        if (large < 0 || large >= bytes / 2)
            return;
        for (long from = 0; from < bytes && goesOn(); from += Step)
        {
            long start = Stopwatch.GetTimestamp(), count = Math.Min(Step, bytes - from);
            // The entries too: a large page takes the place of none.
            if (Pages.Advise((nint)(data + from), (nuint)count, PageOut) != 0 || Pages.Advise((nint)(data + from), (nuint)count, Unmap) != 0)
                return;
            Pages.Bring(data + from, count);
            if (Stopwatch.GetElapsedTime(start) > Patience || (from == 0 && large == 0 && LargeBytes(data, bytes) < count / 2))
                return;
        }
    }

    /// <summary>Bytes of the mappings of a range that stand in large pages; -1 where the system does not tell.</summary>
    public static long LargeBytes(byte* data, long bytes)
    {
        try
        {
            return Sum(File.ReadLines("/proc/self/smaps"), data, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    private static long Sum(IEnumerable<string> lines, byte* data, long bytes)
    {
        const string Large = "FilePmdMapped:";
        bool isInside = false;
        long sum = 0;
        foreach (string line in lines)
        {
            ReadOnlySpan<char> first = line.AsSpan(0, Math.Max(0, line.IndexOf(' ')));
            int dash = first.IndexOf('-');
            if (dash > 0 && nint.TryParse(first[..dash], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nint start) && nint.TryParse(first[(dash + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nint end))
                isInside = start < (nint)data + (nint)bytes && end > (nint)data;
            else if (isInside && first is Large)
                sum += long.Parse(line.AsSpan(Large.Length).TrimStart().TrimEnd(" kB"), CultureInfo.InvariantCulture) << 10;
        }
        return sum;
    }
}
