using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>32 signed bytes with a scale and, for dot products, their sum.</summary>
internal sealed unsafe class Q8_1() : SignedType("q8_1", Values, sizeof(BlockQ8_1), Values, sbyte.MinValue, sbyte.MaxValue), IBlockQuantizer
{
    private const int Values = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        for (BlockQ8_1* block = (BlockQ8_1*)source, end = block + blocks; block < end; block++, values += Values, scales++)
        {
            *scales = HalfFloat.ToSingle(block->Scale);
            Vector128.Load(block->Quants).Store(values);
            Vector128.Load(block->Quants + 16).Store(values + 16);
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockQ8_1* block = (BlockQ8_1*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            float scale = MathF.Abs(Extremes.Outermost(source, Values)) / 127, inverse = Extremes.Inverse(scale);
            block->Scale = Extremes.HalfBits(scale);
            int sum = 0;
            for (int i = 0; i < Values; i++)
                sum += block->Quants[i] = (sbyte)MathF.Round(source[i] * inverse, MidpointRounding.AwayFromZero);
            block->Sum = Extremes.HalfBits(sum * scale);
        }
    }
}
