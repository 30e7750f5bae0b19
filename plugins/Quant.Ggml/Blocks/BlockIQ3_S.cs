using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in eight groups of 32: ±codebook entries of 4 values.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ3_S
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>The lower 8 bits of entry numbers.</summary>
    public fixed byte Quants[64];

    /// <summary>The ninth bits of eight entry numbers.</summary>
    public fixed byte HighBits[8];

    /// <summary>Bit i is set where value i of 8 is negative.</summary>
    public fixed byte Signs[32];

    /// <summary>A nibble a group, low ones first.</summary>
    public fixed byte Scales[4];
}
