using System.Runtime.InteropServices;

namespace Tessera.Kernels.Bench;

/// <summary>64-byte aligned native memory, in large pages where the system has them, as those of a model's files are.</summary>
internal sealed unsafe partial class NativeBlock : IDisposable
{
    private const int Page = 4096, LargePage = 2 << 20, LargePages = 14;

    private readonly void* _memory;

    public NativeBlock(long bytes)
    {
        Length = bytes;
        _memory = NativeMemory.AlignedAlloc((nuint)bytes, bytes < LargePage ? 64u : LargePage);
        Bytes = (byte*)_memory;
        if (bytes >= LargePage && OperatingSystem.IsLinux())
            _ = Advise((nint)_memory, (nuint)(bytes / Page * Page), LargePages);
    }

    public byte* Bytes { get; }

    public long Length { get; }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
