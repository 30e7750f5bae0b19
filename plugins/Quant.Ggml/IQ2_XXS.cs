using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 32: signed entries of a codebook of 256, with 4-bit scales.</summary>
internal sealed unsafe class IQ2_XXS() : SignedType("iq2_xxs", Values, sizeof(BlockIQ2_XXS), Group, -Iq2Levels.Greatest, Iq2Levels.Greatest)
{
    private const int Values = 256;
    private const int Group = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<byte> levels = Iq2Levels.Vector();
        ReadOnlySpan<ushort> entries = Iq2XxsGrid.Entries;
        for (BlockIQ2_XXS* block = (BlockIQ2_XXS*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            for (int group = 0; group < Values / Group; group++, values += Group)
            {
                uint q = block->Quants[2 * group], signs = block->Quants[2 * group + 1];
                scales[group] = scale * (0.5f + (signs >> 28)) * 0.25f;
                Vector128<byte> first = Codebook.OfTwoBits(levels, entries[(byte)q], entries[(byte)(q >> 8)]);
                Vector128<byte> second = Codebook.OfTwoBits(levels, entries[(byte)(q >> 16)], entries[(byte)(q >> 24)]);
                Codebook.Signed(first, Codebook.EvenSigns(signs) | Codebook.EvenSigns(signs >> 7) << 8).Store(values);
                Codebook.Signed(second, Codebook.EvenSigns(signs >> 14) | Codebook.EvenSigns(signs >> 21) << 8).Store(values + 16);
            }
        }
    }
}
