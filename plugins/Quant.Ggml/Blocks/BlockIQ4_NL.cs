using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>32 values level[u] · scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockIQ4_NL
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Low nibbles are values 0–15, high ones 16–31.</summary>
    public fixed byte Quants[16];
}
