using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>64 values in four groups of 16: level[u] · scale / 2, with twice the E2M1 values as levels.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockNVFP4
{
    /// <summary>Unsigned E4M3.</summary>
    public fixed byte Scales[4];

    /// <summary>Each 8 bytes are a group: low nibbles its first 8 values, high ones the rest.</summary>
    public fixed byte Quants[32];
}
