using Tessera.Conformance.Fakes;

namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>Counts the barriers of its first lane.</summary>
internal sealed class CountingTeam(int lanes) : IWorkTeam, IDisposable
{
    private readonly InlineWorkTeam _team = new(lanes);
    private int _barriers;

    public int LaneCount => _team.LaneCount;

    public int Barriers(Action action)
    {
        int before = _barriers;
        action();
        return _barriers - before;
    }

    public void Run(IWorkJob job) => _team.Run(new Job(this, job));

    public void Dispose() => _team.Dispose();

    private sealed class Job(CountingTeam team, IWorkJob job) : IWorkJob
    {
        public void Execute(IWorkLane lane) => job.Execute(new Lane(team, lane));
    }

    private sealed class Lane(CountingTeam team, IWorkLane lane) : IWorkLane
    {
        public int Index => lane.Index;

        public int Count => lane.Count;

        public void Barrier()
        {
            if (Index == 0)
                team._barriers++;
            lane.Barrier();
        }
    }
}
