using System.Buffers.Binary;
using System.Text.Json;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>A model folder on disk whose tensors are zeros: what counts is names and shapes.</summary>
internal sealed class FolderWriter : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("tessera-folder-").FullName;
    private readonly List<TestModelFiles> _open = [];

    public FolderWriter Text(string name, string text)
    {
        string path = Path.Combine(_path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return this;
    }

    public FolderWriter Tensors(string name, IEnumerable<(string Name, long[] Shape)> tensors)
    {
        long at = 0;
        Dictionary<string, object> header = [];
        foreach ((string tensor, long[] shape) in tensors)
        {
            long end = at + 4 * shape.Aggregate(1L, (a, b) => a * b);
            header.Add(tensor, new { dtype = "F32", shape, data_offsets = new[] { at, end } });
            at = end;
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header), bytes = new byte[8 + json.Length + at];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        string path = Path.Combine(_path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return this;
    }

    /// <summary>The folder as the format reads it; valid until this is disposed.</summary>
    public ModelSource Open()
    {
        TestModelFiles files = TestModelFiles.OnDisk(_path);
        _open.Add(files);
        return new SafetensorsFormat().Open(files);
    }

    public void Dispose()
    {
        _open.ForEach(f => f.Dispose());
        Directory.Delete(_path, recursive: true);
    }
}
