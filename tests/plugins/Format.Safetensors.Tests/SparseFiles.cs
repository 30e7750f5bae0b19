using System.IO.MemoryMappedFiles;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>A folder whose files are mapped, as the host maps them: they may be larger than the memory.</summary>
internal sealed unsafe class SparseFiles(string folder) : IModelFiles, IDisposable
{
    private readonly Dictionary<string, Mapped> _open = [];

    public string Name => Path.GetFileName(folder);

    public bool IsFolder => true;

    public IModelFile? TryOpen(string relativeName)
    {
        if (_open.TryGetValue(relativeName, out Mapped? file))
            return file;
        string path = Path.Combine(folder, relativeName);
        return File.Exists(path) ? _open[relativeName] = new Mapped(relativeName, path) : null;
    }

    /// <summary>The files that were opened.</summary>
    public IEnumerable<string> Opened => _open.Keys;

    /// <summary>The path of a file.</summary>
    public string PathOf(string name) => Path.Combine(folder, name);

    public void Dispose()
    {
        foreach (Mapped file in _open.Values)
            file.Dispose();
    }

    private sealed class Mapped : IModelFile, IDisposable
    {
        private readonly MemoryMappedFile _map;
        private readonly MemoryMappedViewAccessor _view;

        public Mapped(string name, string path)
        {
            (Name, Length) = (name, new FileInfo(path).Length);
            _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            byte* data = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
            Data = data;
        }

        public string Name { get; }

        public long Length { get; }

        public byte* Data { get; }

        public void Dispose()
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _map.Dispose();
        }
    }
}
