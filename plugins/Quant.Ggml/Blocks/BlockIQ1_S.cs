using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in eight groups of 32: codebook entries of 8 trits, all shifted by ±1/8.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ1_S
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>The lower 8 bits of entry numbers.</summary>
    public fixed byte Quants[32];

    /// <summary>A group: the upper three bits of four entry numbers, a scale of 3 bits, the sign of the shift.</summary>
    public fixed ushort HighBits[8];
}
