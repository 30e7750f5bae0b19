using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>A part of a plan: writes its dispatches into a step's command buffer. Allocates nothing.</summary>
internal abstract class Stage
{
    /// <summary>Encodes the stage.</summary>
    public abstract void Encode(Commands commands, Step step);
}

/// <summary>The rows that a stage works on.</summary>
internal enum RowSet
{
    /// <summary>All of the batch.</summary>
    All,
    /// <summary>Those that want logits or best tokens, one after the other.</summary>
    Head,
    /// <summary>Those that want their sequence's vector, one after the other.</summary>
    Pooled,
}
