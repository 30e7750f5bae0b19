using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in sixteen groups of 16: ±codebook entries of 8 values.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ2_S
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>The lower 8 bits of entry numbers.</summary>
    public fixed byte Quants[32];

    /// <summary>Bit i is set where value i of an entry is negative.</summary>
    public fixed byte Signs[32];

    /// <summary>The upper two bits of four entry numbers.</summary>
    public fixed byte HighBits[8];

    /// <summary>A nibble a group, low ones first.</summary>
    public fixed byte Scales[8];
}
