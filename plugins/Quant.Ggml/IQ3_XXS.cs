using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 32: signed entries of a codebook of 256, with 4-bit scales.</summary>
internal sealed unsafe class IQ3_XXS() : SignedType("iq3_xxs", Values, sizeof(BlockIQ3_XXS), Group, -Greatest, Greatest)
{
    private const int Values = 256;
    private const int Group = 32;
    private const int Greatest = 62;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<byte> levels = Vector128.Create((byte)4, 12, 20, 28, 36, 44, 52, Greatest, 0, 0, 0, 0, 0, 0, 0, 0);
        ReadOnlySpan<ushort> entries = Iq3XxsGrid.Entries;
        for (BlockIQ3_XXS* block = (BlockIQ3_XXS*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            byte* q = block->Quants;
            for (int group = 0; group < Values / Group; group++)
            {
                uint signs = block->Signs[group];
                scales[group] = scale * (0.5f + (signs >> 28)) * 0.5f;
                for (int half = 0; half < 2; half++, q += 4, signs >>= 14, values += 16)
                {
                    Vector128<byte> magnitudes = Codebook.OfNibbles(levels, entries[q[0]], entries[q[1]], entries[q[2]], entries[q[3]]);
                    Codebook.Signed(magnitudes, Codebook.EvenSigns(signs) | Codebook.EvenSigns(signs >> 7) << 8).Store(values);
                }
            }
        }
    }
}
