using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>64 floats of 4 bits (E2M1) in groups of 16 with E4M3 scales.</summary>
internal sealed unsafe class NVFP4() : SignedType("nvfp4", Values, sizeof(BlockNVFP4), Group, -Fp4Levels.Greatest, Fp4Levels.Greatest), IBlockQuantizer
{
    private const int Values = 64;
    private const int Group = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<sbyte> levels = Fp4Levels.Vector();
        for (BlockNVFP4* block = (BlockNVFP4*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            for (int group = 0; group < Values / Group; group++, values += Group)
            {
                scales[group] = SmallFloats.HalfOfE4M3(block->Scales[group]);
                Vector64<byte> packed = Vector64.Load(block->Quants + 8 * group);
                Vector128.Shuffle(levels, Nibbles.Low(Vector128.Create(packed, packed >> 4)).AsSByte()).Store(values);
            }
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockNVFP4* block = (BlockNVFP4*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            for (int group = 0; group < Values / Group; group++)
            {
                float* first = source + group * Group;
                block->Scales[group] = SmallFloats.ToE4M3(MathF.Abs(Extremes.Outermost(first, Group)) / 6);
                float scale = SmallFloats.HalfOfE4M3(block->Scales[group]);
                for (int i = 0; i < Group / 2; i++)
                    block->Quants[group * Group / 2 + i] = (byte)(Fp4Levels.Nearest(first[i], scale) | Fp4Levels.Nearest(first[i + Group / 2], scale) << 4);
            }
        }
    }
}
