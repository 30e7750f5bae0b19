using Microsoft.Win32.SafeHandles;

namespace Tessera.Host.Plugins.Packages;

/// <summary>Files that survive a power cut: written through to the disk before a rename makes them visible.</summary>
internal static class PackageFiles
{
    /// <summary>Copies a package's folder into an empty one; links are not followed.</summary>
    public static void Copy(string source, string target)
    {
        EnumerationOptions options = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
        int files = 0;
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(source).EnumerateFiles("*", options))
        {
            bytes += file.Length;
            if (++files > PackageContent.MaxFiles || bytes > PackageContent.MaxBytes)
                throw new PluginException($"{source}: more than {PackageContent.MaxFiles} files or {PackageContent.MaxBytes >> 20} MB");
            string copy = Path.Combine(target, Path.GetRelativePath(source, file.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            file.CopyTo(copy);
        }
    }

    /// <summary>Replaces a file's whole content at once.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string draft = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using (FileStream file = new(draft, FileMode.CreateNew))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(draft, path, overwrite: true);
            FolderEntries.TryFlush(Path.GetDirectoryName(path)!);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>Writes every file of a folder through to the disk, and the folders' own entries.</summary>
    public static void Flush(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
                RandomAccess.FlushToDisk(file);
        foreach (string path in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Append(folder))
            FolderEntries.TryFlush(path);
    }

    /// <summary>Deletes a folder that may be half there.</summary>
    public static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
