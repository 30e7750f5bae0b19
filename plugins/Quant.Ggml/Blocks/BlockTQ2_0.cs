using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values (u − 1) · scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockTQ2_0
{
    /// <summary>Two bits a value: <see cref="Numerics.QuarterBytes"/>.</summary>
    public fixed byte Quants[64];

    /// <summary>The scale, a half.</summary>
    public ushort Scale;
}
