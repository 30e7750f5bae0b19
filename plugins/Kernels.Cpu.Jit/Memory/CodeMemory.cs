using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Tessera.Kernels.Cpu.Jit.Memory;

/// <summary>Machine code in memory of its own: written while it cannot be executed, executed when it can no longer be written.</summary>
internal sealed unsafe partial class CodeMemory : IDisposable
{
    private const int Read = 1, Write = 2, Execute = 4, Private = 2;

    private static readonly int _anonymous = OperatingSystem.IsMacOS() ? 0x1000 : 0x20;
    private readonly nuint _length;
    private nint _address;

    public CodeMemory(ReadOnlySpan<byte> code)
    {
        _length = ((nuint)code.Length + (nuint)Environment.SystemPageSize - 1) / (nuint)Environment.SystemPageSize * (nuint)Environment.SystemPageSize;
        _address = Map(0, _length, Read | Write, Private | _anonymous, -1, 0);
        if (_address == -1)
            throw new TesseraException($"kernels.cpu.jit: {_length} bytes for machine code could not be mapped: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        code.CopyTo(new Span<byte>((void*)_address, code.Length));
        if (Protect(_address, _length, Read | Execute) != 0)
        {
            string reason = new Win32Exception(Marshal.GetLastPInvokeError()).Message;
            Dispose();
            throw new TesseraException($"kernels.cpu.jit: the system does not allow machine code to be made executable: {reason}");
        }
    }

    ~CodeMemory() => Free();

    /// <summary>The first byte.</summary>
    public nint Address => _address;

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address is not 0 and not -1)
            _ = Unmap(address, _length);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
