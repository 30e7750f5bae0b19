using System.Runtime.CompilerServices;
using System.Text.Json;
using Tessera.Host.Compute;
using Tessera.Host.Plugins;

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
        Unloaded(statics => team.Run(new LaneJob(lane =>
        {
            if (lane.Index == 1)
                statics.Touch();
        })));
        CheckAfter(team.Dispose);
    }

    [Fact]
    public async Task A_call_that_comes_back_after_an_unload_takes_none_along()
    {
        using SemaphoreSlim touched = new(0), end = new(0);
        CollectibleStatics? statics = new();
        Task<bool> call = Guarded.RunAsync("call", TimeSpan.FromMinutes(5), TimeProvider.System, () =>
        {
            Touch(ref statics);
            touched.Release();
            end.Wait();
            return true;
        });
        await touched.WaitAsync();
        Collect();
        CheckAfter(() =>
        {
            end.Release();
            Assert.True(call.Result);
            // The thread has not quite ended when the call is done.
            Thread.Sleep(100);
        });
    }

    [Theory]
    [InlineData("tessera.runtimeconfig.json")]
    public void The_pool_of_the_host_keeps_its_threads(string file)
    {
        using JsonDocument configuration = JsonDocument.Parse(File.ReadAllText(Path.Combine(HostFolder.Path, file)));
        Assert.Equal(-1, configuration.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty("System.Threading.ThreadPool.ThreadsToKeepAlive").GetInt32());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Touch(ref CollectibleStatics? statics)
    {
        statics!.Touch();
        statics = null;
    }

    private static void Unloaded(Action<CollectibleStatics> use)
    {
        WeakReference dead = Used(use);
        Collect();
        Assert.False(dead.IsAlive, "the types were not unloaded");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Used(Action<CollectibleStatics> use)
    {
        CollectibleStatics statics = new();
        use(statics);
        return new WeakReference(statics);
    }

    private static void CheckAfter(Action end)
    {
        CollectibleStatics living = new();
        living.Fill();
        living.Touch();
        end();
        Collect();
        // What is freed is written over.
        object[] others = [.. Enumerable.Range(0, 200_000).Select(_ => new object[1])];
        Collect();
        GC.KeepAlive(others);
        Assert.Empty(living.Lost());
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
