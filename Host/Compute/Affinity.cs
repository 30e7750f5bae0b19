using System.Runtime.InteropServices;

namespace Tessera.Host.Compute;

/// <summary>Binds threads to processors.</summary>
internal static unsafe partial class Affinity
{
    private const int WordBits = 64;

    /// <summary>Refuses processors that a thread cannot be bound to.</summary>
    /// <exception cref="TesseraException">The system cannot bind threads, or the process may not use one of them; the text says which it may.</exception>
    public static void Require(IReadOnlyList<int> processors)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows())
            throw new TesseraException("engine.affinity: this system does not bind threads to processors; leave the key out");
        IReadOnlyList<int> allowed = Processors.Allowed("/") ?? [.. Enumerable.Range(0, Math.Min(WordBits, Environment.ProcessorCount))];
        foreach (int processor in processors)
            if (!allowed.Contains(processor))
                throw new TesseraException($"engine.affinity: processor {processor} is not one that this process may use; those are {string.Join(", ", allowed)}");
    }

    /// <summary>Binds the calling thread.</summary>
    /// <exception cref="TesseraException">The system refuses.</exception>
    public static void Bind(int processor)
    {
        bool bound;
        if (OperatingSystem.IsWindows())
            bound = SetThreadAffinityMask(GetCurrentThread(), (nuint)1 << processor) != 0;
        else
        {
            Span<ulong> mask = stackalloc ulong[processor / WordBits + 1];
            mask.Clear();
            mask[^1] = 1ul << processor % WordBits;
            fixed (ulong* words = mask)
                bound = SetAffinity(0, (nuint)mask.Length * sizeof(ulong), words) == 0;
        }
        if (!bound)
            throw new TesseraException($"engine.affinity: a thread could not be bound to processor {processor} (error {Marshal.GetLastPInvokeError()})");
    }

    // Thread 0 is the calling one.
    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint size, ulong* mask);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nuint SetThreadAffinityMask(nint thread, nuint mask);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentThread();
}
