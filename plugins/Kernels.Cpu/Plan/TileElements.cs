namespace Tessera.Kernels.Cpu.Plan;

/// <summary>What attention reads of a tile.</summary>
internal enum TileElements
{
    /// <summary>Floats: the cache's own, or those that a tile was widened to.</summary>
    Floats,

    /// <summary>The cache's halves.</summary>
    Halves,

    /// <summary>The cache's halves, all finite.</summary>
    FiniteHalves,

    /// <summary>The cache's upper halves of floats.</summary>
    Brains,
}
