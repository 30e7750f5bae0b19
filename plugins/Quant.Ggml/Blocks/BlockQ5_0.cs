using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>32 values (u − 16) · scale.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ5_0
{
    /// <summary>The scale, a half.</summary>
    public ushort Scale;

    /// <summary>Bit i is the fifth bit of value i.</summary>
    public uint FifthBits;

    /// <summary>Low nibbles are values 0–15, high ones 16–31.</summary>
    public fixed byte Quants[16];
}
