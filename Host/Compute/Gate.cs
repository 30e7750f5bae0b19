using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Tessera.Host.Compute;

/// <summary>A counter that threads wait on: they spin for a while, then sleep in the kernel. Allocates nothing.</summary>
internal sealed class Gate(TimeSpan spin)
{
    private const int SpinsPerClock = 16;

    private readonly long _spinTicks = (long)(spin.TotalSeconds * Stopwatch.Frequency);
    private readonly object _lock = new();
    private PaddedInt _value;
    private int _sleeping;

    /// <summary>How often the gate was opened.</summary>
    public int Value => Volatile.Read(ref _value.Value);

    /// <summary>Lets everybody through who waits for the present value to pass.</summary>
    public void Open()
    {
        // A full fence between the new value and the look for sleepers; the sleeper has one between its mark and its look at the value.
        Interlocked.Increment(ref _value.Value);
        if (Volatile.Read(ref _sleeping) == 0)
            return;
        lock (_lock)
            Monitor.PulseAll(_lock);
    }

    /// <summary>Waits until the value is no longer the one that was seen.</summary>
    public void WaitWhile(int seen)
    {
        if (Spin(seen))
            return;
        lock (_lock)
        {
            Interlocked.Increment(ref _sleeping);
            while (Value == seen)
                Monitor.Wait(_lock);
            Interlocked.Decrement(ref _sleeping);
        }
    }

    private bool Spin(int seen)
    {
        long start = 0;
        for (int i = 0; ; i++)
        {
            if (Value != seen)
                return true;
            if (i % SpinsPerClock == 0)
            {
                long now = Stopwatch.GetTimestamp();
                if (start == 0)
                    start = now;
                if (now - start >= _spinTicks)
                    return false;
            }
            Thread.SpinWait(1);
        }
    }
}

/// <summary>A number with a pair of cache lines to itself, as adjacent lines are fetched together.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedInt
{
    [FieldOffset(128)] public int Value;
}
