using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 16: signed entries of a codebook of 1024, with 4-bit scales.</summary>
internal sealed unsafe class IQ2_S() : SignedType("iq2_s", Values, sizeof(BlockIQ2_S), Group, -Iq2Levels.Greatest, Iq2Levels.Greatest), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 16;

    private readonly Lazy<CodebookSearch> _search = new(() => new CodebookSearch(Iq2SGrid.Entries)
    {
        Dimension = 8, Levels = 3, Shells = 1, Trials = 9, Step = 0.1f, Smallest = 1e-8f, RoundsAll = false,
    });

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

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        const int count = Values / Group;
        float* magnitudes = stackalloc float[Group], weights = stackalloc float[Group];
        byte* levels = stackalloc byte[Group];
        Span<float> scales = stackalloc float[count];
        Span<byte> codes = stackalloc byte[count];
        CodebookSearch search = _search.Value;
        for (BlockIQ2_S* block = (BlockIQ2_S*)destination, end = block + blocks; block < end; block++)
        {
            *block = default;
            float squares = 0;
            for (int i = 0; i < Values; i++)
                squares += source[i] * source[i];
            float typical = 0.25f * (2 * squares / Values);
            for (int group = 0; group < count; group++, source += Group)
            {
                for (int i = 0; i < Group; i++)
                    weights[i] = typical + source[i] * source[i];
                int signs = CodebookScales.Signs(source, magnitudes) | CodebookScales.Signs(source + 8, magnitudes + 8) << 8;
                float scale = search.Find(magnitudes, weights, Group, levels);
                scales[group] = MathF.Abs(scale);
                if (scale == 0)
                    continue;
                ((ushort*)block->Signs)[group] = (ushort)(scale < 0 ? ~signs : signs);
                for (int entry = 0; entry < 2; entry++)
                {
                    int number = search.Number(levels + 8 * entry);
                    block->Quants[2 * group + entry] = (byte)number;
                    block->HighBits[group / 2] |= (byte)(number >> 8 << 4 * (group & 1) + 2 * entry);
                }
            }
            if (CodebookScales.Encode(scales, 0.9875f, codes, out block->Scale))
                for (int group = 0; group < count; group++)
                    block->Scales[group / 2] |= (byte)(codes[group] << 4 * (group & 1));
        }
    }
}
