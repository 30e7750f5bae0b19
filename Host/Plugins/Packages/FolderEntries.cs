using System.Runtime.InteropServices;

namespace Tessera.Host.Plugins.Packages;

/// <summary>Writes a folder's entries through to the disk, so that a file that was renamed is there after a power cut too. .NET opens no folders; POSIX systems do.</summary>
internal static partial class FolderEntries
{
    /// <summary>Writes them through.</summary>
    /// <returns>False where the system or the file system does not do that for folders; what it does instead is its own.</returns>
    /// <exception cref="IOException">The folder cannot be opened.</exception>
    public static bool TryFlush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return false;
        int handle = Open(folder, 0);
        if (handle < 0)
            throw new IOException($"{folder}: cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            return Sync(handle) == 0;
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
