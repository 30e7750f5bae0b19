namespace Tessera.Host.Files;

/// <summary>Says how far reading a large file has come.</summary>
/// <param name="file">The file's name.</param>
/// <param name="done">Bytes that are in memory.</param>
/// <param name="total">Bytes in all.</param>
public delegate void FileProgress(string file, long done, long total);

/// <summary>The files of one model, opened when they are asked for and kept open until the last owner lets go.</summary>
public sealed class ModelFiles : IModelFiles, IDisposable
{
    private const long PrefaultStep = 8L << 20;

    private readonly string _folder;
    private readonly bool _mmap;
    private readonly FileProgress? _progress;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, OpenFile> _open = new(StringComparer.Ordinal);
    // Owners, and those of them that only bring pages: they do not keep the files open.
    private int _owners = 1, _prefaults;

    private ModelFiles(string folder, string name, bool isFolder, bool mmap, FileProgress? progress) =>
        (_folder, Name, IsFolder, _mmap, _progress) = (folder, name, isFolder, mmap, progress);

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool IsFolder { get; }

    /// <summary>The bytes of all files that are open.</summary>
    public long TotalBytes
    {
        get
        {
            lock (_lock)
                return _open.Values.Sum(f => f.Length);
        }
    }

    /// <summary>The files that are open, each with where its links lead.</summary>
    internal IReadOnlyList<(string Name, string Path)> RealPaths
    {
        get
        {
            lock (_lock)
                return [.. _open.Keys.Select(name => (name, RealPath.Of(Path.Combine(_folder, name))))];
        }
    }

    /// <summary>Names a model's files; none is opened yet.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="mmap">Whether files are mapped; else they are read into memory.</param>
    /// <param name="progress">Told about reading, or null.</param>
    /// <exception cref="ModelFormatException">There is nothing at the path.</exception>
    public static ModelFiles At(string path, bool mmap, FileProgress? progress = null)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(full))
            return new(full, Path.GetFileName(full), isFolder: true, mmap, progress);
        if (File.Exists(full))
            return new(Path.GetDirectoryName(full)!, Path.GetFileName(full), isFolder: false, mmap, progress);
        throw new ModelFormatException($"no such file or folder: {full}");
    }

    /// <summary>Makes the caller an owner too; each owner disposes once.</summary>
    public ModelFiles Share()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_owners == 0, this);
            _owners++;
        }
        return this;
    }

    /// <inheritdoc/>
    public IModelFile? TryOpen(string relativeName)
    {
        string name = Require(relativeName);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_owners == 0, this);
            if (_open.TryGetValue(name, out OpenFile? file))
                return file;
            file = Open(name);
            if (file is not null)
                _open.Add(name, file);
            return file;
        }
    }

    /// <summary>Brings the mapped files into memory on a thread of its own, so that the first requests wait neither for the disk nor for page faults. Ends early when the files' last owner lets go.</summary>
    /// <param name="most">Bytes at most, from the front of the first file on.</param>
    /// <returns>Done when the thread is.</returns>
    public Task PrefaultAsync(long most = long.MaxValue)
    {
        OpenFile[] files;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_owners == 0, this);
            files = [.. _open.Values.Where(f => f.IsMapped)];
            _owners++;
            _prefaults++;
        }
        return Task.Factory.StartNew(
            () =>
            {
                try
                {
                    Prefault(files, most);
                }
                finally
                {
                    lock (_lock)
                        _prefaults--;
                    Dispose();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_owners == 0 || --_owners > 0)
                return;
            foreach (OpenFile file in _open.Values)
                file.Dispose();
            _open.Clear();
        }
    }

    private unsafe void Prefault(OpenFile[] files, long most)
    {
        bool isWhole = files.Sum(f => f.Length) <= most;
        foreach (OpenFile file in files)
        {
            long end = Math.Min(file.Length, most);
            Pages.PreferLarge(file.Data, end);
            for (long from = 0; from < end; from += PrefaultStep)
            {
                if (!IsWanted())
                    return;
                long to = Math.Min(end, from + PrefaultStep);
                Pages.Bring(file.Data + from, to - from);
                _progress?.Invoke(file.Name, to, file.Length);
            }
            most -= end;
        }
        // Else what is read anew would take the place of what was brought.
        if (!isWhole)
            return;
        foreach (OpenFile file in files)
            SmallPages.Replace(file.Data, file.Length, IsWanted);
    }

    // Whether anyone but who brings pages has the files open.
    private bool IsWanted()
    {
        lock (_lock)
            return _owners > _prefaults;
    }

    /// <summary>The name with forward slashes. Names that lead out of the folder are refused by their text; links inside are followed, as Hugging Face's cache is made of them.</summary>
    private string Require(string name)
    {
        string plain = name.Replace('\\', '/');
        if (plain.Length == 0 || plain[0] == '/' || Path.IsPathRooted(name) || plain.Contains(':') || plain.Contains('\0')
            || plain.Split('/').Any(part => part is "" or "." or ".."))
            throw new ModelFormatException($"{Name}: it names the file '{name}', which is not inside the model's folder");
        return plain;
    }

    private OpenFile? Open(string name)
    {
        string path = Path.Combine(_folder, name);
        if (Directory.Exists(path))
            throw new ModelFormatException($"{name}: expected a file, found a folder ({path})");
        try
        {
            FileInfo info = new(path);
            if (!info.Exists)
                return null;
            if (info.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
                info = target;
            if (!info.Exists)
                return null;
            // Before opening: a pipe has no length either, and opening one would wait for a writer.
            if (info.Length == 0)
                throw new ModelFormatException($"{name}: the file is empty ({path})");
            return _mmap ? OpenFile.Map(name, info.FullName) : OpenFile.Read(name, info.FullName, _progress);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            throw new ModelFormatException($"{name}: cannot be read ({path}): {e.Message}");
        }
    }
}
