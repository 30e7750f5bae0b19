using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in sixteen groups of 16: ±codebook entries of 8 values.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ2_XS
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Entry numbers of 9 bits, then 7 bits of signs (the eighth makes them even).</summary>
    public fixed ushort Quants[32];

    /// <summary>A nibble a group, low ones first.</summary>
    public fixed byte Scales[8];
}
