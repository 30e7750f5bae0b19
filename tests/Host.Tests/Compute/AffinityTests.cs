using Tessera.Host.Compute;

namespace Tessera.Host.Tests.Compute;

public sealed class AffinityTests
{
    [Fact]
    public void Each_lane_runs_on_its_processor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads which processors a thread may use from /proc");
        IReadOnlyList<int> allowed = Processors.Allowed("/")!;
        int[] affinity = [.. allowed.Reverse().Take(2)];
        string[] seen = new string[affinity.Length];
        // A thread of its own: it stays bound.
        Thread caller = new(() =>
        {
            using WorkTeam team = WorkTeam.Create(null, affinity);
            Assert.Equal(affinity.Length, team.LaneCount);
            team.Run(new Look(seen));
        });
        caller.Start();
        caller.Join();
        Assert.Equal(affinity.Select(p => $"{p}"), seen);
    }

    [Fact]
    public void A_processor_that_the_process_may_not_use_is_refused_with_those_that_it_may()
    {
        TesseraException e = Assert.Throws<TesseraException>(() => new WorkTeam(1, [9999]));
        Assert.Contains("engine.affinity: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(OperatingSystem.IsLinux() ? $"9999 is not one that this process may use; those are {string.Join(", ", Processors.Allowed("/")!)}" : "", e.Message, StringComparison.Ordinal);
    }

    private sealed class Look(string[] seen) : IWorkJob
    {
        public void Execute(IWorkLane lane) => seen[lane.Index] = File.ReadLines("/proc/thread-self/status").First(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split('\t')[1];
    }
}
