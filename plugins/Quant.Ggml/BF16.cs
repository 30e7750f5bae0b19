using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml;

/// <summary>The upper halves of floats.</summary>
internal sealed unsafe class BF16() : GgmlType("bf16", 1, sizeof(ushort)), IBlockQuantizer
{
    private const uint QuietBit = 1 << 22;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        ushort* halves = (ushort*)source;
        long i = 0;
        for (; i <= blocks - 16; i += 16)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(halves + i));
            (low << 16).AsSingle().Store(destination + i);
            (high << 16).AsSingle().Store(destination + i + 8);
        }
        for (; i < blocks; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
    }

    /// <summary>Rounds to nearest even; a NaN stays one.</summary>
    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        ushort* halves = (ushort*)destination;
        for (long i = 0; i < blocks; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);
            bits = float.IsNaN(source[i]) ? bits | QuietBit : bits + 0x7fff + (bits >> 16 & 1);
            halves[i] = (ushort)(bits >> 16);
        }
    }
}
