using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>32 signed bytes with a scale.</summary>
internal sealed unsafe class Q8_0() : AffineType("q8_0", Values, sizeof(BlockQ8_0), Values, 255), IBlockQuantizer
{
    private const int Values = 32;
    private const int Zero = 128;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        for (BlockQ8_0* block = (BlockQ8_0*)source, end = block + blocks; block < end; block++, destination += Values)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            Bytes16.Multiply(Vector128.Load(block->Quants), scale, destination);
            Bytes16.Multiply(Vector128.Load(block->Quants + 16), scale, destination + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        Vector256<byte> zero = Vector256.Create((byte)Zero);
        for (BlockQ8_0* block = (BlockQ8_0*)source, end = block + blocks; block < end; block++, values += Values, scales++, minimums++)
        {
            (Vector256.Load(block->Quants).AsByte() ^ zero).Store(values);
            *scales = HalfFloat.ToSingle(block->Scale);
            *minimums = Zero * *scales;
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockQ8_0* block = (BlockQ8_0*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            float scale = MathF.Abs(Extremes.Outermost(source, Values)) / 127, inverse = Extremes.Inverse(scale);
            block->Scale = Extremes.HalfBits(scale);
            for (int i = 0; i < Values; i++)
                block->Quants[i] = (sbyte)MathF.Round(source[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }
}
