namespace Tessera.Abstractions.Backends;

/// <summary>The machine's one team of compute threads, owned by the host. Lanes are threads; a job has all of them until it ends.</summary>
public interface IWorkTeam
{
    /// <summary>The number of lanes; fixed for the team's life.</summary>
    int LaneCount { get; }

    /// <summary>Runs a job on every lane and returns when all have left it; concurrent callers wait for their turn, first come first served. Allocates nothing.</summary>
    /// <exception cref="Exception">What the first failing lane threw; the other lanes have left at their next barrier.</exception>
    void Run(IWorkJob job);
}

/// <summary>Work that every lane of a team does together.</summary>
public interface IWorkJob
{
    /// <summary>One lane's share. Every lane must meet the same barriers in the same order.</summary>
    void Execute(IWorkLane lane);
}

/// <summary>One lane's view of the running job.</summary>
public interface IWorkLane
{
    /// <summary>This lane's number, 0 … <see cref="Count"/> − 1.</summary>
    int Index { get; }

    /// <summary>The number of lanes.</summary>
    int Count { get; }

    /// <summary>Waits until every lane is here; what they wrote before is visible after. Throws to unwind this lane when another lane has thrown.</summary>
    void Barrier();
}
