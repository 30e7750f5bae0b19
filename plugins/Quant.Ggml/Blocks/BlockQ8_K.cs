using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values q · scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_K
{
    /// <summary>The scale.</summary>
    public float Scale;

    /// <summary>Signed bytes.</summary>
    public fixed sbyte Quants[256];

    /// <summary>The sums of the integers of each 16 values.</summary>
    public fixed short Sums[16];
}
