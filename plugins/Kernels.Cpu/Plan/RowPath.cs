namespace Tessera.Kernels.Cpu.Plan;

/// <summary>How the batch rows of a matrix product are taken. All give the same bits.</summary>
internal enum RowPath
{
    /// <summary>A few rows: large blocks of weights, each row's dots after the other's.</summary>
    Few,

    /// <summary>Many rows: blocks of weights that stay in the first-level cache.</summary>
    Many,

    /// <summary>Tiles, from as many rows as they gain with.</summary>
    Tiles,
}
