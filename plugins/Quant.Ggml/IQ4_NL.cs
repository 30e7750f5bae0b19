using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>32 values of 4 bits that name uneven levels, with a scale.</summary>
internal sealed unsafe class IQ4_NL() : SignedType("iq4_nl", Values, sizeof(BlockIQ4_NL), Values, Iq4Levels.Least, Iq4Levels.Greatest), IBlockQuantizer
{
    private const int Values = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<sbyte> levels = Iq4Levels.Vector();
        for (BlockIQ4_NL* block = (BlockIQ4_NL*)source, end = block + blocks; block < end; block++, values += Values, scales++)
        {
            *scales = HalfFloat.ToSingle(block->Scale);
            Vector128<byte> packed = Vector128.Load(block->Quants);
            Vector128.Shuffle(levels, Nibbles.Low(packed).AsSByte()).Store(values);
            Vector128.Shuffle(levels, Nibbles.High(packed).AsSByte()).Store(values + 16);
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        byte* quants = stackalloc byte[Values / 2];
        for (BlockIQ4_NL* block = (BlockIQ4_NL*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            float outermost = Extremes.Outermost(source, Values);
            block->Scale = 0;
            // A block without a scale keeps the levels of the one before it, as the reference's do.
            if (MathF.Abs(outermost) >= SymmetricSearch.Smallest)
            {
                float first = outermost / Iq4Levels.Least;
                block->Scale = Extremes.HalfBits(LevelSearch.Fit(source, first));
                LevelSearch.Pack(source, 1 / first, quants);
            }
            Vector128.Load(quants).Store(block->Quants);
        }
    }
}
