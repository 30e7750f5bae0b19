using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 32: signed entries of a codebook of 512, with 4-bit scales.</summary>
internal sealed unsafe class IQ3_S() : SignedType("iq3_s", Values, sizeof(BlockIQ3_S), Group, -Greatest, Greatest)
{
    private const int Values = 256;
    private const int Group = 32;
    private const int Greatest = 15;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<byte> levels = Vector128.Create((byte)1, 3, 5, 7, 9, 11, 13, Greatest, 0, 0, 0, 0, 0, 0, 0, 0);
        ReadOnlySpan<ushort> entries = Iq3SGrid.Entries;
        for (BlockIQ3_S* block = (BlockIQ3_S*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            byte* q = block->Quants;
            ushort* signs = (ushort*)block->Signs;
            for (int group = 0; group < Values / Group; group++)
            {
                int high = block->HighBits[group];
                scales[group] = scale * (1 + 2 * (block->Scales[group / 2] >> 4 * (group & 1) & 15));
                for (int half = 0; half < 2; half++, q += 4, high >>= 4, signs++, values += 16)
                {
                    Vector128<byte> magnitudes = Codebook.OfNibbles(
                        levels, entries[q[0] | high << 8 & 256], entries[q[1] | high << 7 & 256], entries[q[2] | high << 6 & 256], entries[q[3] | high << 5 & 256]);
                    Codebook.Signed(magnitudes, *signs).Store(values);
                }
            }
        }
    }
}
