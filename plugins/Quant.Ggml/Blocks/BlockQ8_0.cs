using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>32 values q · scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_0
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Signed bytes.</summary>
    public fixed sbyte Quants[32];
}
