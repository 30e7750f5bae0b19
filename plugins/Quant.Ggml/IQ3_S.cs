using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 32: signed entries of a codebook of 512, with 4-bit scales.</summary>
internal sealed unsafe class IQ3_S() : SignedType("iq3_s", Values, sizeof(BlockIQ3_S), Group, -Greatest, Greatest), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 32;
    private const int Greatest = 15;

    private readonly Lazy<CodebookSearch> _search = new(() => new CodebookSearch(Iq3SGrid.Entries)
    {
        Dimension = 4, Levels = 8, Shells = 3, Trials = 9, Step = 0.2f, Smallest = float.Epsilon, RoundsAll = true,
    });

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

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        const int count = Values / Group;
        float* magnitudes = stackalloc float[Group], weights = stackalloc float[Group];
        byte* levels = stackalloc byte[Group];
        Span<float> scales = stackalloc float[count];
        Span<byte> codes = stackalloc byte[count];
        CodebookSearch search = _search.Value;
        for (BlockIQ3_S* block = (BlockIQ3_S*)destination, end = block + blocks; block < end; block++)
        {
            *block = default;
            // The reference's cursor into Quants and Signs does not pass a group of zeros, so later groups of such a block end up in its place.
            int place = 0;
            for (int group = 0; group < count; group++, source += Group)
            {
                for (int i = 0; i < Group; i++)
                    weights[i] = source[i] * source[i];
                uint signs = 0;
                for (int i = 0; i < Group; i += 8)
                    signs |= (uint)CodebookScales.Signs(source + i, magnitudes + i) << i;
                float scale = search.Find(magnitudes, weights, Group, levels);
                scales[group] = MathF.Abs(scale);
                if (scale == 0)
                    continue;
                ((uint*)block->Signs)[place] = scale < 0 ? ~signs : signs;
                for (int entry = 0; entry < 8; entry++)
                {
                    int number = search.Number(levels + 4 * entry);
                    block->Quants[8 * place + entry] = (byte)number;
                    block->HighBits[group] |= (byte)(number >> 8 << entry);
                }
                place++;
            }
            if (CodebookScales.Encode(scales, 1.033f, codes, out block->Scale))
                for (int group = 0; group < count; group++)
                    block->Scales[group / 2] |= (byte)(codes[group] << 4 * (group & 1));
        }
    }
}
