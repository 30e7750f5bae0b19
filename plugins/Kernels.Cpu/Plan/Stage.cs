namespace Tessera.Kernels.Cpu.Plan;

/// <summary>A part of the plan between two barriers that all lanes work on together. It may meet barriers of its own, decided by the step alone, so that all lanes meet the same.</summary>
internal abstract class Stage
{
    /// <summary>One lane's share.</summary>
    public abstract void Run(Lane lane, Step step);
}
