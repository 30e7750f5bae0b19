using System.Diagnostics;
using Tessera.Engine.Scheduling;

namespace Tessera.Engine.Tests.Scheduling;

public sealed class OwnTimeTests
{
    [Fact]
    public void What_a_thread_does_counts_and_what_it_waits_for_does_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "the system does not tell");
        OwnTime own = new();
        own.Start();
        using ManualResetEventSlim never = new();
        never.Wait(300, TestContext.Current.CancellationToken);
        own.Stop();
        TimeSpan waited = own.Take();
        own.Start();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(300))
            Thread.SpinWait(100);
        own.Stop();
        Assert.InRange(waited, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        Assert.InRange(own.Take(), waited + TimeSpan.FromTicks(1), TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.Zero, own.Take());
    }

    [Fact]
    public void What_another_thread_has_begun_does_not_count()
    {
        OwnTime own = new();
        Thread other = new(own.Start);
        other.Start();
        other.Join();
        own.Stop();
        Assert.Equal(TimeSpan.Zero, own.Take());
    }
}
