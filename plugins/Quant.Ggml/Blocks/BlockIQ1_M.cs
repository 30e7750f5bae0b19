using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in sixteen groups of 16: codebook entries of 8 trits, each shifted by ±1/8.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ1_M
{
    /// <summary>The lower 8 bits of entry numbers.</summary>
    public fixed byte Quants[32];

    /// <summary>Nibbles: the upper three bits of an entry number, the sign of its shift.</summary>
    public fixed byte HighBits[16];

    /// <summary>Four group scales of 3 bits in each, and a nibble of the scale, a half, on top: the lowest nibble first.</summary>
    public fixed ushort Scales[4];
}
