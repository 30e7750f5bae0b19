using System.Runtime.InteropServices;

namespace Tessera.Host.Files;

/// <summary>Brings pages of a mapped file into this process's memory, so that computing waits neither for the disk nor for page faults.</summary>
internal static unsafe partial class Pages
{
    private const int PageBytes = 4096, LargePages = 14, PopulateRead = 22, InvalidArgument = 22;

    private static bool _populates = OperatingSystem.IsLinux();

    /// <summary>
    /// Asks for a range in large pages before it is brought. Linux gives them to files since 6.16 (ext4; others before), where their bytes are not in the page cache in small pages already: a 512th of the entries
    /// then translates weights, which decodes up to a fifth faster in a virtual machine (bench/README.md). Elsewhere nothing happens.
    /// </summary>
    public static void PreferLarge(byte* data, long bytes)
    {
        if (!OperatingSystem.IsLinux())
            return;
        nint page = Environment.SystemPageSize, start = (nint)data + page - 1 & -page;
        _ = Advise(start, (nuint)Math.Max(0, (nint)data + (nint)bytes - start), LargePages);
    }

    /// <summary>Brings a range that starts on a page: Linux does so in one call (since 5.14), elsewhere every page is touched.</summary>
    public static void Bring(byte* data, long bytes)
    {
        if (_populates)
        {
            if (Advise((nint)data, (nuint)bytes, PopulateRead) == 0)
                return;
            // What else may be wrong, such as a damaged disk, concerns the one who needs the bytes: touching them would end the process.
            if (Marshal.GetLastPInvokeError() != InvalidArgument)
                return;
            _populates = false;
        }
        Touch(data, bytes);
    }

    /// <summary>Reads a byte of every page.</summary>
    public static void Touch(byte* data, long bytes)
    {
        for (long at = 0; at < bytes; at += PageBytes)
            _ = Volatile.Read(ref data[at]);
    }

    /// <summary>Tells Linux what becomes of pages; 0, or -1 and the error.</summary>
    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Advise(nint address, nuint length, int advice);
}
