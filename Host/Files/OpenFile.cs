using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tessera.Host.Files;

/// <summary>One open file: a mapping, or native memory that it was read into.</summary>
internal sealed unsafe class OpenFile : IModelFile, IDisposable
{
    /// <summary>The alignment of the first byte; a mapping begins on a page.</summary>
    public const int Alignment = 64;

    private const int ReadStep = 16 << 20;

    private readonly MemoryMappedViewAccessor? _view;
    private readonly void* _memory;
    private bool _disposed;

    private OpenFile(string name, long length, byte* data, MemoryMappedViewAccessor? view, void* memory)
    {
        (Name, Length, _view) = (name, length, view);
        Data = data;
        _memory = memory;
    }

    public string Name { get; }

    public long Length { get; }

    public byte* Data { get; }

    public bool IsMapped => _view is not null;

    public static OpenFile Map(string name, string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        long length = RandomAccess.GetLength(handle);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* data = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        return new(name, length, data + view.PointerOffset, view, null);
    }

    public static OpenFile Read(string name, string path, FileProgress? progress)
    {
        using SafeFileHandle handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        long length = RandomAccess.GetLength(handle);
        long free = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (length > free)
            throw new IOException($"it has {length} bytes, this machine {free} bytes of memory; with files.mmap: true it need not fit");
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)length, Alignment);
        Pages.PreferLarge(data, length);
        try
        {
            for (long done = 0; done < length;)
            {
                int read = RandomAccess.Read(handle, new Span<byte>(data + done, (int)Math.Min(ReadStep, length - done)), done);
                if (read == 0)
                    throw new IOException($"it ended after {done} of {length} bytes");
                done += read;
                progress?.Invoke(name, done, length);
            }
        }
        catch
        {
            NativeMemory.AlignedFree(data);
            throw;
        }
        return new(name, length, data, null, data);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }
        NativeMemory.AlignedFree(_memory);
    }
}
