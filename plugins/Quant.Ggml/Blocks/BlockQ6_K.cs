using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values in sixteen groups of 16: (u − 32) · (scale · group scale).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ6_K
{
    /// <summary>Two halves of 64 bytes for 128 values: low nibbles are values 0–63, high ones 64–127.</summary>
    public fixed byte Quants[128];

    /// <summary>Two halves of 32 bytes: bits 2k and 2k + 1 of byte i are the top bits of value 32k + i.</summary>
    public fixed byte TopBits[64];

    /// <summary>Signed group scales.</summary>
    public fixed sbyte Scales[16];

    /// <summary>Scales the scales, a half.</summary>
    public ushort Scale;
}
