using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in eight groups of 32: level[u] · (scale · (group scale − 32)).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ4_XS
{
    /// <summary>Scales the scales, a half.</summary>
    public ushort Scale;

    /// <summary>Bits 2g and 2g + 1 are the top bits of group scale g.</summary>
    public ushort ScalesHigh;

    /// <summary>The lower nibbles of the group scales, two a byte.</summary>
    public fixed byte ScalesLow[4];

    /// <summary>Each 16 bytes are a group: low nibbles its first 16 values, high ones the rest.</summary>
    public fixed byte Quants[128];
}
