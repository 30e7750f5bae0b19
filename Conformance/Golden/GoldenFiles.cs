using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Golden;

/// <summary>The files of a sample as a model's files, read whole.</summary>
/// <param name="folder">The folder of the samples.</param>
/// <param name="name">The file, or the folder below it, that is opened as the model.</param>
/// <param name="cut">Cuts that file after so many bytes; null: whole.</param>
internal sealed class GoldenFiles(string folder, string name, long? cut = null) : IModelFiles, IDisposable
{
    private const long MaxFileBytes = 64 << 20;
    private readonly Dictionary<string, MemoryFile> _open = new(StringComparer.Ordinal);
    private readonly string _root = Directory.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : folder;

    /// <inheritdoc/>
    public string Name => Path.GetFileName(name);

    /// <inheritdoc/>
    public bool IsFolder => _root != folder;

    /// <inheritdoc/>
    public IModelFile? TryOpen(string relativeName)
    {
        if (_open.TryGetValue(relativeName, out MemoryFile? file))
            return file;
        string path = Resolve(_root, relativeName);
        if (!File.Exists(path))
            return null;
        byte[] bytes = Read(path, relativeName);
        if (cut is { } length && relativeName == Name)
            bytes = bytes[..(int)Math.Min(length, bytes.Length)];
        return _open[relativeName] = new MemoryFile(relativeName, bytes);
    }

    /// <summary>The bytes of a file of the folder of the samples.</summary>
    /// <exception cref="TesseraException">It is not there, too large, or not below the folder.</exception>
    public static byte[] ReadBytes(string folder, string relativeName)
    {
        string path = Resolve(folder, relativeName);
        return File.Exists(path) ? Read(path, relativeName) : throw new PluginException($"{GoldenFolder.Name}/{relativeName}: no such file");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryFile file in _open.Values)
            file.Dispose();
        _open.Clear();
    }

    private static byte[] Read(string path, string relativeName)
    {
        long length = new FileInfo(path).Length;
        return length <= MaxFileBytes ? File.ReadAllBytes(path) : throw new PluginException($"{GoldenFolder.Name}/{relativeName}: {length} bytes, expected at most {MaxFileBytes}");
    }

    private static string Resolve(string root, string relativeName)
    {
        string path = Path.GetFullPath(Path.Combine(root, relativeName));
        return path.StartsWith(Path.GetFullPath(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new ModelFormatException($"'{relativeName}' leaves the folder {root}");
    }
}
