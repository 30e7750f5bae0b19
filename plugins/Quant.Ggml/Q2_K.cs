using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values of 2 bits in groups of 16, with 4-bit scales and minimums.</summary>
internal sealed unsafe class Q2_K() : AffineType("q2_k", Values, sizeof(BlockQ2_K), Group, Greatest), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 16;
    private const int Greatest = 3;
    private const int GreatestScale = 15;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        byte* values = stackalloc byte[Values];
        for (BlockQ2_K* block = (BlockQ2_K*)source, end = block + blocks; block < end; block++)
        {
            QuarterBytes.Split(block->Quants, values);
            float scale = HalfFloat.ToSingle(block->Scale), minimumScale = HalfFloat.ToSingle(block->MinimumScale);
            for (int group = 0; group < Values / Group; group++, destination += Group)
            {
                int code = block->Scales[group];
                Bytes16.MultiplyAdd(Vector128.Load(values + group * Group), scale * (code & 15), -(minimumScale * (code >> 4)), destination);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        for (BlockQ2_K* block = (BlockQ2_K*)source, end = block + blocks; block < end; block++, values += Values)
        {
            QuarterBytes.Split(block->Quants, values);
            float scale = HalfFloat.ToSingle(block->Scale), minimumScale = HalfFloat.ToSingle(block->MinimumScale);
            for (int group = 0; group < Values / Group; group++, scales++, minimums++)
            {
                int code = block->Scales[group];
                *scales = scale * (code & 15);
                *minimums = minimumScale * (code >> 4);
            }
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        byte* quants = stackalloc byte[Values];
        AffineSearch search = new(Greatest, FirstStep: -0.5f, Steps: 15, Group, Absolute: true);
        for (BlockQ2_K* block = (BlockQ2_K*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            QuantizeGroups(search, source, quants, block);
            QuarterBytes.Join(quants, block->Quants);
        }
    }

    private static void QuantizeGroups(AffineSearch search, float* source, byte* quants, BlockQ2_K* block)
    {
        const int count = Values / Group;
        Span<float> scales = stackalloc float[count], minimums = stackalloc float[count];
        float greatestScale = 0, greatestMinimum = 0;
        for (int group = 0; group < count; group++)
        {
            scales[group] = search.Find(source + group * Group, quants + group * Group, out minimums[group]);
            greatestScale = MathF.Max(greatestScale, scales[group]);
            greatestMinimum = MathF.Max(greatestMinimum, minimums[group]);
        }
        float scaleInverse = greatestScale > 0 ? GreatestScale / greatestScale : 0;
        float minimumInverse = greatestMinimum > 0 ? GreatestScale / greatestMinimum : 0;
        block->Scale = Extremes.HalfBits(greatestScale / GreatestScale);
        block->MinimumScale = Extremes.HalfBits(greatestMinimum / GreatestScale);
        for (int group = 0; group < count; group++)
        {
            int scaleCode = (int)MathF.Round(scaleInverse * scales[group]), minimumCode = (int)MathF.Round(minimumInverse * minimums[group]);
            block->Scales[group] = (byte)(scaleCode | minimumCode << 4);
            float scale = HalfFloat.ToSingle(block->Scale) * scaleCode;
            // Without a scale the values stay as the search left them.
            if (scale == 0)
                continue;
            float minimum = HalfFloat.ToSingle(block->MinimumScale) * minimumCode;
            for (int i = group * Group; i < (group + 1) * Group; i++)
                quants[i] = (byte)int.Clamp((int)MathF.Round((source[i] + minimum) / scale), 0, Greatest);
        }
    }
}
