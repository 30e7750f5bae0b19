namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>What is made on the way instead of being stored.</summary>
[Flags]
internal enum Fusions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Norms, as the rows that products read are rounded.</summary>
    Norms = 1,

    /// <summary>Rotations and norms of heads, as attention reads queries and caches keys.</summary>
    Rotations = 2,

    /// <summary>Activations and gates, as the rows that products read are rounded.</summary>
    Gates = 4,

    /// <summary>Turning between rows and panels: values stand by features between products while there are many rows.</summary>
    Features = 8,

    /// <summary>All.</summary>
    All = Norms | Rotations | Gates | Features,
}
