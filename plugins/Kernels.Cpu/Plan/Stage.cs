namespace Tessera.Kernels.Cpu.Plan;

/// <summary>A part of the plan between two barriers that all lanes work on together. It may meet barriers of its own, decided by the step alone, so that all lanes meet the same.</summary>
internal abstract class Stage
{
    /// <summary>How the step counts the items that lanes take.</summary>
    public virtual ItemCounters Counters => ItemCounters.None;

    /// <summary>One lane's share.</summary>
    public abstract void Run(Lane lane, Step step);

    /// <summary>Values that it takes by features, in groups of which either all stand so or none; all others it takes by rows.</summary>
    public virtual IEnumerable<IReadOnlyList<ValueBuffer>> ByFeatures => [];

    /// <summary>Whether they stand so only in steps in which sequences have rows to take together: attention's, and what is rotated for it.</summary>
    public virtual bool TakesRowsTogether => false;

    /// <summary>From so many rows on it takes them so.</summary>
    public virtual int LeastRowsByFeatures => 0;

    /// <summary>Features of a panel that a lane makes on the way, once values are marked.</summary>
    public virtual int RoomByFeatures => 0;
}

/// <summary>Counters of the items of a stage that lanes take while they run.</summary>
internal enum ItemCounters
{
    /// <summary>None: what a lane does is settled before.</summary>
    None,
    /// <summary>One for all lanes, for <see cref="Step.Next"/>.</summary>
    Shared,
    /// <summary>One for each lane's part, for <see cref="Step.NextOfPart"/>.</summary>
    Parts,
}
