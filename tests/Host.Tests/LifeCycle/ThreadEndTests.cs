using System.Runtime.CompilerServices;
using System.Text.Json;
using Tessera.Host.Compute;
using Tessera.Host.Plugins;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>
/// Where a thread ends that has run code of an unloaded context, the runtime frees static fields of a living one. So threads that run plugins' code do not end.
/// </summary>
public sealed class ThreadEndTests
{
    [Fact]
    public void A_team_that_ends_takes_no_static_fields_of_living_plugins_along()
    {
        WorkTeam team = new(2);
        Thread? thread = null;
        WeakReference dead = Used(statics => team.Run(new LaneJob(lane =>
        {
            if (lane.Index == 0)
                return;
            thread = Thread.CurrentThread;
            statics.Touch();
        })));
        CheckAfter(dead, team.Dispose, thread!);
    }

    [Fact]
    public void A_guarded_call_that_comes_back_takes_none_along()
    {
        using SemaphoreSlim touched = new(0), end = new(0);
        Thread? thread = null;
        Task<bool>? call = null;
        WeakReference dead = Used(statics =>
        {
            call = Guarded.RunAsync("call", TimeSpan.FromMinutes(5), TimeProvider.System, () =>
            {
                thread = Thread.CurrentThread;
                Touch(ref statics);
                touched.Release();
                end.Wait();
                return true;
            });
            touched.Wait();
        });
        CheckAfter(dead, () =>
        {
            end.Release();
            Assert.True(call!.Result);
        }, thread!);
    }

    [Fact]
    public void The_pool_of_the_host_keeps_its_threads()
    {
        using JsonDocument configuration = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestServer.Executable, "tessera.runtimeconfig.json")));
        Assert.Equal(-1, configuration.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty("System.Threading.ThreadPool.ThreadsToKeepAlive").GetInt32());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Touch(ref CollectibleStatics statics)
    {
        statics.Touch();
        statics = null!;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Used(Action<CollectibleStatics> use)
    {
        CollectibleStatics statics = new();
        use(statics);
        return statics.Context;
    }

    private static void CheckAfter(WeakReference dead, Action end, Thread thread)
    {
        Collect();
        Assert.False(dead.IsAlive, "the context was not unloaded");
        CollectibleStatics living = new();
        living.Fill();
        living.Touch();
        end();
        // One that would end has time to; what follows would then end the process.
        Assert.False(thread.Join(TimeSpan.FromMilliseconds(200)));
        Collect();
        // What is freed is written over.
        object[] others = [.. Enumerable.Range(0, 200_000).Select(_ => new object[1])];
        Collect();
        GC.KeepAlive(others);
        Assert.Equal(0, living.Lost());
    }

    private static void Collect()
    {
        for (int i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private sealed class LaneJob(Action<IWorkLane> work) : IWorkJob
    {
        public void Execute(IWorkLane lane) => work(lane);
    }
}
