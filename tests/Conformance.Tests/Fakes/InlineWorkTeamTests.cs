using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Tests.Fakes;

public sealed class InlineWorkTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_lane_sees_what_the_others_wrote_before_a_barrier(int lanes)
    {
        using InlineWorkTeam team = new(lanes);
        for (int run = 0; run < 20; run++)
        {
            int[] written = new int[lanes];
            int[] sums = new int[lanes];
            team.Run(new Job(lane =>
            {
                for (int round = 1; round <= 5; round++)
                {
                    written[lane.Index] = round;
                    lane.Barrier();
                    sums[lane.Index] += written.Sum();
                    lane.Barrier();
                }
            }));
            Assert.All(sums, s => Assert.Equal(15 * lanes, s));
        }
    }

    [Fact]
    public void One_throw_releases_all_lanes_and_the_team_still_works()
    {
        using InlineWorkTeam team = new(3);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => team.Run(new Job(lane =>
        {
            if (lane.Index == 1)
                throw new InvalidDataException("lane 1");
            lane.Barrier();
        })));
        Assert.Equal("lane 1", e.Message);
        int ran = 0;
        team.Run(new Job(lane =>
        {
            lane.Barrier();
            Interlocked.Increment(ref ran);
        }));
        Assert.Equal(3, ran);
    }

    [Fact]
    public void A_lane_that_misses_a_barrier_is_an_error_and_no_hang()
    {
        using InlineWorkTeam team = new(2);
        Assert.Throws<InvalidOperationException>(() => team.Run(new Job(lane =>
        {
            if (lane.Index == 0)
                lane.Barrier();
        })));
    }

    [Fact]
    public void Concurrent_jobs_take_turns()
    {
        using InlineWorkTeam team = new(2);
        int inside = 0, overlaps = 0, done = 0;
        Thread[] callers = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 25; i++)
                team.Run(new Job(lane =>
                {
                    if (lane.Index == 0 && Interlocked.Increment(ref inside) != 1)
                        overlaps++;
                    lane.Barrier();
                    if (lane.Index == 0)
                    {
                        Interlocked.Decrement(ref inside);
                        done++;
                    }
                    lane.Barrier();
                }));
        }))];
        foreach (Thread caller in callers)
            caller.Start();
        foreach (Thread caller in callers)
            caller.Join();
        Assert.Equal((0, 100), (overlaps, done));
    }

    private sealed class Job(Action<IWorkLane> work) : IWorkJob
    {
        public void Execute(IWorkLane lane) => work(lane);
    }
}
