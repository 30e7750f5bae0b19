using Tessera.Abstractions.Backends;
using Tessera.Host.Compute;

namespace Tessera.Host.Tests.Compute;

public sealed class WorkTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Barriers_order_what_the_lanes_write(int lanes)
    {
        using WorkTeam team = new(lanes);
        Assert.Equal(lanes, team.LaneCount);
        RelayJob job = new(lanes, barriers: 50);
        for (int i = 0; i < 40; i++)
            team.Run(job);
        Assert.Equal(40 * 50 * lanes, job.Correct);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Concurrent_callers_take_turns(int lanes)
    {
        const int callers = 4, jobs = 200;
        using WorkTeam team = new(lanes);
        ExclusiveJob job = new();
        Task[] tasks = [.. Enumerable.Range(0, callers).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < jobs; i++)
                team.Run(job);
        }))];
        await Task.WhenAll(tasks);
        Assert.Equal(callers * jobs * lanes, job.Executed);
        Assert.False(job.Overlapped);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void A_throw_releases_every_lane_and_reaches_the_caller(int lanes)
    {
        using WorkTeam team = new(lanes);
        RelayJob good = new(lanes, barriers: 4);
        for (int thrower = 0; thrower < lanes; thrower++)
            for (int i = 0; i < 30; i++)
            {
                ThrowingJob bad = new(thrower, before: i % 3);
                FormatException error = Assert.Throws<FormatException>(() => team.Run(bad));
                Assert.Equal($"lane {thrower}", error.Message);
                Assert.Equal(0, bad.Passed);
                team.Run(good);
            }
        Assert.Equal(30 * 4 * lanes * lanes, good.Correct);
    }

    [Fact]
    public void A_lane_that_leaves_out_a_barrier_is_an_error_and_no_hang()
    {
        using WorkTeam team = new(4);
        for (int i = 0; i < 100; i++)
            Assert.Contains("waits at a barrier", Assert.Throws<InvalidOperationException>(() => team.Run(new UnevenJob())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_cannot_run_another_one_on_its_own_team()
    {
        using WorkTeam team = new(2);
        Assert.Throws<InvalidOperationException>(() => team.Run(new NestingJob(team)));
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using WorkTeam team = new(2);
        RelayJob job = new(2, barriers: 8);
        for (int i = 0; i < 100; i++)
            team.Run(job);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            team.Run(job);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Nothing_of_a_job_is_kept()
    {
        using WorkTeam team = new(3);
        WeakReference job = RunAndForget(team);
        for (int i = 0; i < 10 && job.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.False(job.IsAlive);
    }

    [Fact]
    public void A_disposed_team_takes_no_job()
    {
        WorkTeam team = new(3);
        team.Run(new ExclusiveJob());
        team.Dispose();
        team.Dispose();
        Assert.Throws<ObjectDisposedException>(() => team.Run(new ExclusiveJob()));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference RunAndForget(WorkTeam team)
    {
        RelayJob job = new(3, barriers: 3);
        team.Run(job);
        return new WeakReference(job);
    }

    /// <summary>Each lane writes its step, and after the barrier looks whether all others have written the same one.</summary>
    private sealed class RelayJob(int lanes, int barriers) : IWorkJob
    {
        private readonly int[] _steps = new int[lanes];
        private int _correct;

        public int Correct => _correct;

        public void Execute(IWorkLane lane)
        {
            int correct = 0;
            for (int step = 1; step <= barriers; step++)
            {
                _steps[lane.Index] = step;
                lane.Barrier();
                bool all = true;
                foreach (int other in _steps)
                    all &= other == step;
                correct += all ? 1 : 0;
                lane.Barrier();
            }
            Interlocked.Add(ref _correct, correct);
        }
    }

    private sealed class ExclusiveJob : IWorkJob
    {
        private int _owner = -1;
        private int _inside;
        private int _executed;

        public int Executed => _executed;

        public bool Overlapped { get; private set; }

        public void Execute(IWorkLane lane)
        {
            if (lane.Index == 0)
            {
                int me = Environment.CurrentManagedThreadId;
                if (Interlocked.Exchange(ref _owner, me) != -1)
                    Overlapped = true;
            }
            if (Interlocked.Increment(ref _inside) > lane.Count)
                Overlapped = true;
            lane.Barrier();
            Interlocked.Increment(ref _executed);
            Interlocked.Decrement(ref _inside);
            lane.Barrier();
            if (lane.Index == 0)
                Interlocked.Exchange(ref _owner, -1);
        }
    }

    private sealed class ThrowingJob(int thrower, int before) : IWorkJob
    {
        private int _passed;

        public int Passed => _passed;

        public void Execute(IWorkLane lane)
        {
            for (int i = 0; i < before; i++)
                lane.Barrier();
            if (lane.Index == thrower)
                throw new FormatException($"lane {lane.Index}");
            lane.Barrier();
            Interlocked.Increment(ref _passed);
        }
    }

    private sealed class UnevenJob : IWorkJob
    {
        public void Execute(IWorkLane lane)
        {
            lane.Barrier();
            if (lane.Index != 2)
                lane.Barrier();
        }
    }

    private sealed class NestingJob(WorkTeam team) : IWorkJob
    {
        public void Execute(IWorkLane lane) => team.Run(this);
    }
}
