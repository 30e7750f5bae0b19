using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>64 values (u − 1) · scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ2_0
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Two bits a value, lowest first.</summary>
    public fixed ushort Quants[8];
}
