using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 signed bytes with a float scale and, for dot products, sums.</summary>
internal sealed unsafe class Q8_K() : SignedType("q8_k", Values, sizeof(BlockQ8_K), Group, sbyte.MinValue, sbyte.MaxValue), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 32;
    private const int Summed = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        for (BlockQ8_K* block = (BlockQ8_K*)source, end = block + blocks; block < end; block++, values += Values)
        {
            for (int i = 0; i < Values; i += 16)
                Vector128.Load(block->Quants + i).Store(values + i);
            for (int group = 0; group < Values / Group; group++)
                *scales++ = block->Scale;
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockQ8_K* block = (BlockQ8_K*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            *block = default;
            float outermost = Extremes.Outermost(source, Values);
            if (outermost == 0)
                continue;
            float inverse = -127 / outermost;
            block->Scale = 1 / inverse;
            for (int i = 0; i < Values; i++)
            {
                block->Quants[i] = (sbyte)int.Min(127, (int)MathF.Round(inverse * source[i]));
                block->Sums[i / Summed] += block->Quants[i];
            }
        }
    }
}
