using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 16: signed entries of a codebook of 1024, with 4-bit scales.</summary>
internal sealed unsafe class IQ2_S() : SignedType("iq2_s", Values, sizeof(BlockIQ2_S), Group, -Iq2Levels.Greatest, Iq2Levels.Greatest)
{
    private const int Values = 256;
    private const int Group = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<byte> levels = Iq2Levels.Vector();
        ReadOnlySpan<ushort> entries = Iq2SGrid.Entries;
        for (BlockIQ2_S* block = (BlockIQ2_S*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            ushort* signs = (ushort*)block->Signs;
            for (int group = 0; group < Values / Group; group++, values += Group)
            {
                byte* q = block->Quants + 2 * group;
                int high = block->HighBits[group / 2] >> 4 * (group & 1);
                scales[group] = scale * (0.5f + (block->Scales[group / 2] >> 4 * (group & 1) & 15)) * 0.25f;
                Vector128<byte> magnitudes = Codebook.OfTwoBits(levels, entries[q[0] | (high & 3) << 8], entries[q[1] | (high >> 2 & 3) << 8]);
                Codebook.Signed(magnitudes, signs[group]).Store(values);
            }
        }
    }
}
