using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 trits of 2 bits with a scale. The fourth code means 2.</summary>
internal sealed unsafe class TQ2_0() : SignedType("tq2_0", Values, sizeof(BlockTQ2_0), Group, -1, 2), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        for (BlockTQ2_0* block = (BlockTQ2_0*)source, end = block + blocks; block < end; block++, values += Values, scales += Values / Group)
        {
            QuarterBytes.Split(block->Quants, (byte*)values);
            for (int i = 0; i < Values; i += 16)
                (Vector128.Load(values + i) - Vector128<sbyte>.One).Store(values + i);
            new Span<float>(scales, Values / Group).Fill(HalfFloat.ToSingle(block->Scale));
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        sbyte* trits = stackalloc sbyte[Values];
        for (BlockTQ2_0* block = (BlockTQ2_0*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            block->Scale = Trits.Quantize(source, trits);
            QuarterBytes.Join((byte*)trits, block->Quants);
        }
    }
}
