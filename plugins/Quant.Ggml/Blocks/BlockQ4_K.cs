using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in eight groups of 32: u · (scale · group scale) − (minimum scale · group minimum).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ4_K
{
    /// <summary>Scales the scales, a half.</summary>
    public ushort Scale;

    /// <summary>Scales the minimums, a half.</summary>
    public ushort MinimumScale;

    /// <summary>Eight 6-bit scales and minimums: <see cref="Numerics.KScales"/>.</summary>
    public fixed byte Scales[12];

    /// <summary>Each 32 bytes are 64 values: low nibbles the first 32, high ones the rest.</summary>
    public fixed byte Quants[128];
}
