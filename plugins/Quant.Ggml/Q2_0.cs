using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>64 values of 2 bits, −1 to 2, with a scale.</summary>
internal sealed unsafe class Q2_0() : SignedType("q2_0", Values, sizeof(BlockQ2_0), Group, -1, 2), IBlockQuantizer
{
    private const int Values = 64;
    private const int Group = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        for (BlockQ2_0* block = (BlockQ2_0*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            for (int i = 0; i < Values / 8; i += 2, values += 16)
                (Nibbles.SpreadTwoBits(block->Quants[i], block->Quants[i + 1]) - Vector128<byte>.One).AsSByte().Store(values);
            scales[0] = scales[1] = HalfFloat.ToSingle(block->Scale);
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockQ2_0* block = (BlockQ2_0*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            *block = default;
            float scale = MathF.Abs(Extremes.Outermost(source, Values)), inverse = Extremes.Inverse(scale);
            block->Scale = Extremes.HalfBits(scale);
            for (int i = 0; i < Values; i++)
            {
                int q = int.Clamp((int)MathF.Round(source[i] * inverse, MidpointRounding.AwayFromZero), -1, 2);
                block->Quants[i / 8] |= (ushort)(q + 1 << 2 * (i % 8));
            }
        }
    }
}
