using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>32 values q · scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_1
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>The sum of the values, a half: what a dot product with a minimum needs.</summary>
    public ushort Sum;

    /// <summary>Signed bytes.</summary>
    public fixed sbyte Quants[32];
}
