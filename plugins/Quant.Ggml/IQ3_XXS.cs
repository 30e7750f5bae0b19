using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 32: signed entries of a codebook of 256, with 4-bit scales.</summary>
internal sealed unsafe class IQ3_XXS() : SignedType("iq3_xxs", Values, sizeof(BlockIQ3_XXS), Group, -Greatest, Greatest), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 32;
    private const int Greatest = 62;
    private const uint SignBits = (1 << 28) - 1;

    private readonly Lazy<CodebookSearch> _search = new(() => new CodebookSearch(Iq3XxsGrid.Entries)
    {
        Dimension = 4, Levels = 8, Shells = 2, Trials = 15, Step = 0.2f, Smallest = 1e-8f, RoundsAll = false,
    });

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

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        const int count = Values / Group;
        float* magnitudes = stackalloc float[Group], weights = stackalloc float[Group];
        byte* levels = stackalloc byte[Group];
        Span<float> scales = stackalloc float[count];
        Span<byte> codes = stackalloc byte[count];
        CodebookSearch search = _search.Value;
        for (BlockIQ3_XXS* block = (BlockIQ3_XXS*)destination, end = block + blocks; block < end; block++)
        {
            *block = default;
            for (int group = 0; group < count; group++, source += Group)
            {
                for (int i = 0; i < Group; i++)
                    weights[i] = source[i] * source[i];
                uint signs = 0;
                for (int i = 0; i < 4; i++)
                    signs |= EvenSigns(source + 8 * i, weights + 8 * i, magnitudes + 8 * i) << 7 * i;
                float scale = search.Find(magnitudes, weights, Group, levels);
                block->Signs[group] = scale < 0 ? ~signs & SignBits : signs;
                scales[group] = MathF.Abs(scale);
                for (int entry = 0; entry < 8; entry++)
                    block->Quants[8 * group + entry] = (byte)search.Number(levels + 4 * entry);
            }
            if (!CodebookScales.Encode(scales, 1.0125f, codes, out block->Scale))
                *block = default;
            for (int group = 0; group < count; group++)
                block->Signs[group] |= (uint)codes[group] << 28;
        }
    }

    // The value that matters least takes the wrong sign where the number of negative ones is odd.
    private static uint EvenSigns(float* values, float* weights, float* magnitudes)
    {
        int signs = CodebookScales.Signs(values, magnitudes);
        if (int.PopCount(signs) % 2 == 0)
            return (uint)signs & 127;
        int least = 0;
        float importance = weights[0] * values[0] * values[0];
        for (int i = 1; i < 8; i++)
            if (weights[i] * values[i] * values[i] < importance)
                (least, importance) = (i, weights[i] * values[i] * values[i]);
        magnitudes[least] = -magnitudes[least];
        return (uint)(signs ^ 1 << least) & 127;
    }
}
