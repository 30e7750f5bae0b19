using System.Runtime.InteropServices;

namespace Tessera.Engine.Scheduling;

/// <summary>Processor time that a thread takes between a start and a stop; none where the system does not tell (other than Linux and macOS): by the clock, waiting for requests would count. What another thread does on the same processor meanwhile is no part of it.</summary>
internal sealed unsafe partial class OwnTime
{
    private const int LinuxThread = 3, AppleThread = 16;

    private int _thread;
    private long _start, _sum;

    /// <summary>Begins to measure the calling thread.</summary>
    public void Start() => (_thread, _start) = (Environment.CurrentManagedThreadId, Now());

    /// <summary>Ends it. Nothing counts that another thread has begun.</summary>
    public void Stop()
    {
        if (_thread == Environment.CurrentManagedThreadId)
            _sum += Now() - _start;
        _thread = 0;
    }

    /// <summary>What has come together since the last call.</summary>
    public TimeSpan Take()
    {
        TimeSpan taken = TimeSpan.FromTicks(_sum / TimeSpan.NanosecondsPerTick);
        _sum = 0;
        return taken;
    }

    // Nanoseconds.
    private static long Now()
    {
        long* time = stackalloc long[2];
        return (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()) && ClockGetTime(OperatingSystem.IsMacOS() ? AppleThread : LinuxThread, time) == 0
            ? time[0] * 1_000_000_000 + time[1]
            : 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, long* time);
}
