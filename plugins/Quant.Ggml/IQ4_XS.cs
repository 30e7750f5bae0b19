using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values of 4 bits that name uneven levels, in groups of 32 with 6-bit scales.</summary>
internal sealed unsafe class IQ4_XS() : SignedType("iq4_xs", Values, sizeof(BlockIQ4_XS), Group, Iq4Levels.Least, Iq4Levels.Greatest), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 32;
    private const int ZeroScale = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<sbyte> levels = Iq4Levels.Vector();
        for (BlockIQ4_XS* block = (BlockIQ4_XS*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            for (int group = 0; group < Values / Group; group++, values += Group)
            {
                int low = block->ScalesLow[group / 2] >> 4 * (group & 1) & 15, high = block->ScalesHigh >> 2 * group & 3;
                scales[group] = scale * ((low | high << 4) - ZeroScale);
                Vector128<byte> packed = Vector128.Load(block->Quants + 16 * group);
                Vector128.Shuffle(levels, Nibbles.Low(packed).AsSByte()).Store(values);
                Vector128.Shuffle(levels, Nibbles.High(packed).AsSByte()).Store(values + 16);
            }
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        const int count = Values / Group;
        float* scales = stackalloc float[count];
        for (BlockIQ4_XS* block = (BlockIQ4_XS*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            *block = default;
            for (int group = 0; group < count; group++)
                scales[group] = LevelSearch.Find(source + group * Group);
            float scale = -Extremes.Outermost(scales, count) / ZeroScale, inverse = Extremes.Inverse(scale);
            block->Scale = Extremes.HalfBits(scale);
            for (int group = 0; group < count; group++)
            {
                int code = int.Clamp((int)MathF.Round(inverse * scales[group]), -ZeroScale, ZeroScale - 1);
                LevelSearch.Pack(source + group * Group, Extremes.Inverse(scale * code), block->Quants + 16 * group);
                code += ZeroScale;
                block->ScalesLow[group / 2] |= (byte)((code & 15) << 4 * (group & 1));
                block->ScalesHigh |= (ushort)(code >> 4 << 2 * group);
            }
        }
    }
}
