using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 16: signed entries of a codebook of 512, with 4-bit scales.</summary>
internal sealed unsafe class IQ2_XS() : SignedType("iq2_xs", Values, sizeof(BlockIQ2_XS), Group, -Iq2Levels.Greatest, Iq2Levels.Greatest)
{
    private const int Values = 256;
    private const int Group = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<byte> levels = Iq2Levels.Vector();
        ReadOnlySpan<ushort> entries = Iq2XsGrid.Entries;
        for (BlockIQ2_XS* block = (BlockIQ2_XS*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            for (int group = 0; group < Values / Group; group++, values += Group)
            {
                uint first = block->Quants[2 * group], second = block->Quants[2 * group + 1];
                scales[group] = scale * (0.5f + (block->Scales[group / 2] >> 4 * (group & 1) & 15)) * 0.25f;
                Vector128<byte> magnitudes = Codebook.OfTwoBits(levels, entries[(int)(first & 511)], entries[(int)(second & 511)]);
                Codebook.Signed(magnitudes, Codebook.EvenSigns(first >> 9) | Codebook.EvenSigns(second >> 9) << 8).Store(values);
            }
        }
    }
}
