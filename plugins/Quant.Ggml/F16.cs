using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>IEEE half-precision floats.</summary>
internal sealed unsafe class F16() : GgmlType("f16", 1, sizeof(ushort)), IBlockQuantizer
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        ushort* halves = (ushort*)source;
        long i = 0;
        for (; i <= blocks - 16; i += 16)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(halves + i));
            HalfFloat.ToSingle(low.AsInt32()).Store(destination + i);
            HalfFloat.ToSingle(high.AsInt32()).Store(destination + i + 8);
        }
        for (; i < blocks; i++)
            destination[i] = HalfFloat.ToSingle(halves[i]);
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        ushort* halves = (ushort*)destination;
        for (long i = 0; i < blocks; i++)
            halves[i] = BitConverter.HalfToUInt16Bits((Half)source[i]);
    }
}
