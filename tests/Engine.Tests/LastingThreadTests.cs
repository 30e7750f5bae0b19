using System.Runtime.CompilerServices;

namespace Tessera.Engine.Tests;

/// <summary>Threads that never end, and what they leave behind.</summary>
public sealed class LastingThreadTests
{
    private readonly string _kind = Guid.NewGuid().ToString();

    [Fact]
    public async Task A_thread_serves_again_when_its_work_is_done_and_another_while_it_is_not()
    {
        using ManualResetEventSlim end = new();
        Thread first = await FinishedAsync(_kind), again = await FinishedAsync(_kind);
        Assert.Same(first, again);
        Task busy = LastingThread.Run(_kind, "busy", end.Wait);
        Thread other = await FinishedAsync(_kind);
        Assert.NotSame(first, other);
        Assert.Equal("busy", first.Name);
        Assert.False(busy.IsCompleted);
        end.Set();
        await busy;
        Assert.True(first.IsAlive && other.IsAlive);
    }

    [Fact]
    public async Task Kinds_have_threads_of_their_own() => Assert.NotSame(await FinishedAsync(_kind), await FinishedAsync($"other than {_kind}"));

    [Fact]
    public async Task Neither_the_work_nor_its_context_nor_the_callers_stays_with_the_thread()
    {
        AsyncLocal<object?> local = new();
        object? seen = null;
        WeakReference about = await About(local, value => seen = value);
        Assert.Null(seen);
        await LastingThread.Run(_kind, "next", () => seen = local.Value);
        Assert.Null(seen);
        for (int i = 0; i < 20 && about.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(10);
        }
        Assert.False(about.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> About(AsyncLocal<object?> local, Action<object?> see)
    {
        object about = new();
        local.Value = about;
        await LastingThread.Run(_kind, "work", () =>
        {
            see(local.Value);
            local.Value = about;
        });
        local.Value = null;
        return new WeakReference(about);
    }

    private static async Task<Thread> FinishedAsync(string kind)
    {
        Thread? thread = null;
        await LastingThread.Run(kind, "short", () => thread = Thread.CurrentThread);
        return thread!;
    }
}
