using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in eight groups of 32: ±codebook entries of 8 values.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ2_XXS
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Two words a group: four entry numbers of 8 bits; then four times 7 bits of signs (the eighth makes them even) and a scale of 4 bits.</summary>
    public fixed uint Quants[16];
}
