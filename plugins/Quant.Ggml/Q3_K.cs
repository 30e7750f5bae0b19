using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values of 3 bits in groups of 16, with 6-bit scales.</summary>
internal sealed unsafe class Q3_K() : SignedType("q3_k", Values, sizeof(BlockQ3_K), Group, -Zero, Zero - 1), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 16;
    private const int Zero = 4;
    private const int ZeroScale = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        byte* codes = stackalloc byte[Values / Group];
        for (BlockQ3_K* block = (BlockQ3_K*)source, end = block + blocks; block < end; block++, values += Values, scales += Values / Group)
        {
            QuarterBytes.Split(block->Quants, (byte*)values);
            SixBitScales.Read(block->Scales, codes);
            float scale = HalfFloat.ToSingle(block->Scale);
            Vector128<sbyte> first = Vector128.Load(block->ThirdBits).AsSByte(), second = Vector128.Load(block->ThirdBits + 16).AsSByte();
            Vector128<sbyte> bit = Vector128<sbyte>.One, zero = Vector128.Create((sbyte)Zero);
            for (int i = 0; i < Values; i += 32)
            {
                // 4 less where the bit is clear.
                (Vector128.Load(values + i) - (Vector128.Equals(first & bit, Vector128<sbyte>.Zero) & zero)).Store(values + i);
                (Vector128.Load(values + i + 16) - (Vector128.Equals(second & bit, Vector128<sbyte>.Zero) & zero)).Store(values + i + 16);
                bit += bit;
            }
            for (int group = 0; group < Values / Group; group++)
                scales[group] = scale * (codes[group] - ZeroScale);
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        byte* quants = stackalloc byte[Values];
        for (BlockQ3_K* block = (BlockQ3_K*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            QuantizeGroups(source, quants, block);
            QuarterBytes.Join(quants, block->Quants);
            for (int i = 0; i < 32; i++)
            {
                int bits = 0;
                for (int bit = 0; bit < 8; bit++)
                    bits |= quants[32 * bit + i] >> 2 << bit;
                block->ThirdBits[i] = (byte)bits;
            }
        }
    }

    private static void QuantizeGroups(float* source, byte* quants, BlockQ3_K* block)
    {
        const int count = Values / Group;
        float* scales = stackalloc float[count];
        for (int group = 0; group < count; group++)
            scales[group] = CoordinateSearch.Find(source + group * Group, Group, Zero, quants + group * Group);
        float outermost = Extremes.Outermost(scales, count);
        if (outermost == 0)
        {
            // The codes are 0 then, not the code of a zero scale.
            *block = default;
            return;
        }
        float inverse = -ZeroScale / outermost;
        block->Scale = Extremes.HalfBits(1 / inverse);
        Span<byte> codes = stackalloc byte[count];
        for (int group = 0; group < count; group++)
        {
            int code = int.Clamp((int)MathF.Round(inverse * scales[group]), -ZeroScale, ZeroScale - 1);
            codes[group] = (byte)(code + ZeroScale);
            float scale = HalfFloat.ToSingle(block->Scale) * code;
            // Without a scale the values stay as the search left them.
            if (scale == 0)
                continue;
            for (int i = group * Group; i < (group + 1) * Group; i++)
                quants[i] = (byte)(int.Clamp((int)MathF.Round(source[i] / scale), -Zero, Zero - 1) + Zero);
        }
        SixBitScales.Write(codes, block->Scales);
    }
}
