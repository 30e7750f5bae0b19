using System.Runtime.InteropServices;

namespace Tessera.Quant.Ggml.Blocks;

/// <summary>256 values t · scale with trits t of −1, 0 and 1.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockTQ1_0
{
    /// <summary>Five trits a byte, the most significant first: bytes 0–31 are values 0–159, bytes 32–47 values 160–239; trit n of byte i is value 32n + i or 16n + i of its part.</summary>
    public fixed byte Quants[48];

    /// <summary>Four trits a byte: trit n of byte i is value 240 + 4n + i.</summary>
    public fixed byte Rest[4];

    /// <summary>The scale, a half.</summary>
    public ushort Scale;
}
