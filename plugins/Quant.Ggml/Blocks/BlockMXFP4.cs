using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>32 values level[u] · 2^(exponent − 128), with twice the E2M1 values as levels.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockMXFP4
{
    /// <summary>The exponent of the scale, E8M0.</summary>
    public byte Exponent;

    /// <summary>Low nibbles are values 0–15, high ones 16–31.</summary>
    public fixed byte Quants[16];
}
