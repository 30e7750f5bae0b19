using System.Runtime.CompilerServices;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 trits, five a byte, with a scale.</summary>
internal sealed unsafe class TQ1_0() : SignedType("tq1_0", Values, sizeof(BlockTQ1_0), Group, -1, 1), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        for (BlockTQ1_0* block = (BlockTQ1_0*)source, end = block + blocks; block < end; block++, values += Values, scales += Values / Group)
        {
            Trits.Split16(block->Quants, 32, values);
            Trits.Split16(block->Quants + 16, 32, values + 16);
            Trits.Split16(block->Quants + 32, 16, values + 160);
            Trits.Split4(block->Rest, values + 240);
            new Span<float>(scales, Values / Group).Fill(HalfFloat.ToSingle(block->Scale));
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        sbyte* trits = stackalloc sbyte[Values];
        for (BlockTQ1_0* block = (BlockTQ1_0*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            block->Scale = Trits.Quantize(source, trits);
            for (int i = 0; i < 32; i++)
                block->Quants[i] = Trits.Join(trits + i, 32, Trits.OfByte);
            for (int i = 0; i < 16; i++)
                block->Quants[32 + i] = Trits.Join(trits + 160 + i, 16, Trits.OfByte);
            for (int i = 0; i < 4; i++)
                block->Rest[i] = Trits.Join(trits + 240 + i, 4, 4);
        }
    }
}
