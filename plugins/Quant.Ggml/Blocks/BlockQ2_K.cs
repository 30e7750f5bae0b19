using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in sixteen groups of 16: u · (scale · group scale) − (minimum scale · group minimum).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ2_K
{
    /// <summary>Low nibbles are group scales, high ones group minimums.</summary>
    public fixed byte Scales[16];

    /// <summary>Two bits a value: <see cref="Numerics.QuarterBytes"/>.</summary>
    public fixed byte Quants[64];

    /// <summary>Scales the scales, a half.</summary>
    public ushort Scale;

    /// <summary>Scales the minimums, a half.</summary>
    public ushort MinimumScale;
}
