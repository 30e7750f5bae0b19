using System.Runtime.InteropServices;

namespace Tessera.TestSupport;

/// <summary>Memory that ends where a page begins that may not be read, as a mapped file may: a read behind its end is the end of the process. On Windows it is plain memory.</summary>
public sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int None = 0, Read = 1, Write = 2, Private = 2;

    private static readonly int _anonymous = OperatingSystem.IsMacOS() ? 0x1000 : 0x20;
    private readonly nuint _length;
    private readonly byte* _start;

    /// <summary>Takes the memory.</summary>
    /// <param name="bytes">Bytes; the last one stands in front of the page.</param>
    public GuardedMemory(long bytes)
    {
        if (OperatingSystem.IsWindows())
        {
            _start = Data = (byte*)NativeMemory.Alloc((nuint)bytes);
            return;
        }
        long page = Environment.SystemPageSize, whole = (bytes + page - 1) / page * page;
        _length = (nuint)(whole + page);
        nint start = Map(0, _length, Read | Write, Private | _anonymous, -1, 0);
        if (start == -1 || Protect(start + (nint)whole, (nuint)page, None) != 0)
            throw new InvalidOperationException($"{bytes} guarded bytes could not be mapped (error {Marshal.GetLastPInvokeError()})");
        _start = (byte*)start;
        Data = _start + whole - bytes;
    }

    /// <summary>The first byte; aligned by chance only.</summary>
    public byte* Data { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (OperatingSystem.IsWindows())
            NativeMemory.Free(_start);
        else
            _ = Unmap((nint)_start, _length);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
