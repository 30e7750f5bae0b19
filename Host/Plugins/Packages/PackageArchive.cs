using System.Buffers;
using System.IO.Compression;

namespace Tessera.Host.Plugins.Packages;

/// <summary>A package as one file: a zip archive of its folder, named <c>.tpk</c>.</summary>
internal static class PackageArchive
{
    /// <summary>The file name's ending.</summary>
    public const string Extension = ".tpk";

    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes a folder's files, ordered by path and without times, so that the same folder gives the same bytes; the file is there whole or not at all.</summary>
    public static void Create(PluginPackage package, PackageContent content, string path)
    {
        string draft = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using (FileStream file = new(draft, FileMode.CreateNew))
            using (ZipArchive archive = new(file, ZipArchiveMode.Create))
                foreach (string name in content.Files.Keys)
                {
                    ZipArchiveEntry entry = archive.CreateEntry(name, CompressionLevel.Optimal);
                    entry.LastWriteTime = Epoch;
                    using FileStream source = File.OpenRead(Path.Combine(package.Folder, name));
                    using Stream target = entry.Open();
                    source.CopyTo(target);
                }
            File.Move(draft, path, overwrite: true);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>Writes the archive's files into an empty folder. Names that leave it, links, repetitions and more than a package may hold are refused; sizes are counted while reading, not believed.</summary>
    /// <exception cref="PluginException">The file is no such archive.</exception>
    public static void Extract(string path, string folder)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(path);
            if (archive.Entries.Count > PackageContent.MaxFiles)
                throw Refuse(path, $"{archive.Entries.Count} entries, expected at most {PackageContent.MaxFiles}");
            HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
            long left = PackageContent.MaxBytes;
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                if (!IsPlain(entry.FullName) || !names.Add(entry.FullName))
                    throw Refuse(path, $"entry '{entry.FullName}': expected a relative path of plain names, each once");
                string target = Path.Combine(folder, entry.FullName);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                using Stream source = entry.Open();
                using FileStream file = new(target, FileMode.CreateNew);
                for (int read; (read = source.Read(buffer)) > 0;)
                {
                    if ((left -= read) < 0)
                        throw Refuse(path, $"more than {PackageContent.MaxBytes >> 20} MB");
                    file.Write(buffer, 0, read);
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Refuse(path, e.Message);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= 512 && name.Split('/').All(part => part is not ("" or "." or "..") && part.All(c => c > ' ' && c is not ('\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|')));

    private static PluginException Refuse(string path, string why) => new($"{path}: no plugin package: {why}");
}
