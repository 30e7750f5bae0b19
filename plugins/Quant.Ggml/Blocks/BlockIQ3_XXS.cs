using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in eight groups of 32: ±codebook entries of 4 values.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ3_XXS
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Entry numbers.</summary>
    public fixed byte Quants[64];

    /// <summary>A word a group: four times 7 bits of signs for 8 values (the eighth makes them even), then a scale of 4 bits.</summary>
    public fixed uint Signs[8];
}
