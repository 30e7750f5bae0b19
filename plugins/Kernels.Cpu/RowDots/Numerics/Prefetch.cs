namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>How far ahead of the weights that are being read the next ones are asked for.</summary>
internal static class Prefetch
{
    /// <summary>Bytes ahead: measured, nothing changes between 2 and 16 KB.</summary>
    public const int Distance = 4096;
}
