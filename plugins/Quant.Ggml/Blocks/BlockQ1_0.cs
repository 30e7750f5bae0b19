using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>128 values of ±scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ1_0
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Bit i is set where value i is +scale.</summary>
    public fixed ushort Signs[8];
}
