using System.Runtime.InteropServices;
using Tessera.Abstractions;
using Tessera.Abstractions.Formats;

namespace Tessera.TestSupport;

/// <summary>Model files for tests, in unmanaged 64-byte-aligned memory: from byte arrays, or read from a folder when asked for.</summary>
public sealed class TestModelFiles : IModelFiles, IDisposable
{
    private readonly Dictionary<string, TestModelFile> _open = new(StringComparer.Ordinal);
    private readonly string? _folder;

    /// <summary>Files in memory; the model is the first one.</summary>
    public TestModelFiles(params (string Name, byte[] Bytes)[] files)
    {
        Name = files[0].Name;
        foreach ((string name, byte[] bytes) in files)
            _open.Add(name, TestModelFile.Copy(name, bytes));
    }

    /// <summary>A folder in memory.</summary>
    public static TestModelFiles Folder(string name, params (string Name, byte[] Bytes)[] files) => new(name, files);

    private TestModelFiles(string name, (string Name, byte[] Bytes)[] files) : this(files) => (Name, IsFolder) = (name, true);

    private TestModelFiles(string folder, string name, bool isFolder) => (_folder, Name, IsFolder) = (folder, name, isFolder);

    /// <summary>One file in memory, named <c>test.gguf</c>.</summary>
    public static TestModelFiles Of(byte[] bytes) => new(("test.gguf", bytes));

    /// <summary>A file on disk with its folder as siblings, or a folder.</summary>
    public static TestModelFiles OnDisk(string path)
    {
        path = Path.GetFullPath(path);
        return Directory.Exists(path)
            ? new TestModelFiles(path, Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), isFolder: true)
            : new TestModelFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path), isFolder: false);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool IsFolder { get; }

    /// <inheritdoc/>
    public IModelFile? TryOpen(string relativeName)
    {
        if (_open.TryGetValue(relativeName, out TestModelFile? file))
            return file;
        if (_folder is null)
            return null;
        string path = Path.GetFullPath(Path.Combine(_folder, relativeName));
        if (!path.StartsWith(_folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new ModelFormatException($"file '{relativeName}': expected a name inside the model's folder");
        if (!File.Exists(path))
            return null;
        return _open[relativeName] = TestModelFile.Read(relativeName, path);
    }

    /// <summary>Frees the memory; nothing that came from it may be used afterwards.</summary>
    public void Dispose()
    {
        foreach (TestModelFile file in _open.Values)
            file.Free();
        _open.Clear();
    }

    private sealed unsafe class TestModelFile : IModelFile
    {
        private TestModelFile(string name, long length)
        {
            (Name, Length) = (name, length);
            Data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), 64);
        }

        public string Name { get; }

        public long Length { get; }

        public byte* Data { get; private set; }

        public static TestModelFile Copy(string name, ReadOnlySpan<byte> bytes)
        {
            TestModelFile file = new(name, bytes.Length);
            bytes.CopyTo(new Span<byte>(file.Data, bytes.Length));
            return file;
        }

        public static TestModelFile Read(string name, string path)
        {
            using var handle = File.OpenHandle(path);
            TestModelFile file = new(name, RandomAccess.GetLength(handle));
            for (long at = 0; at < file.Length;)
            {
                int read = RandomAccess.Read(handle, new Span<byte>(file.Data + at, (int)Math.Min(file.Length - at, 1 << 24)), at);
                if (read == 0)
                    throw new EndOfStreamException($"{path}: {file.Length} bytes expected, {at} read");
                at += read;
            }
            return file;
        }

        public void Free()
        {
            NativeMemory.AlignedFree(Data);
            Data = null;
        }
    }
}
