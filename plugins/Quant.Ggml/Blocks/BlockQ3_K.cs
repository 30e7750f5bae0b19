using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in sixteen groups of 16: (u − 4) · (scale · (group scale − 32)).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ3_K
{
    /// <summary>Bit g of byte i is the third bit of value 32g + i.</summary>
    public fixed byte ThirdBits[32];

    /// <summary>The lower two bits: <see cref="Numerics.QuarterBytes"/>.</summary>
    public fixed byte Quants[64];

    /// <summary>Sixteen 6-bit group scales: <see cref="Numerics.SixBitScales"/>.</summary>
    public fixed byte Scales[12];

    /// <summary>Scales the scales, a half.</summary>
    public ushort Scale;
}
