using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values of 6 bits in groups of 16, with signed 8-bit scales.</summary>
internal sealed unsafe class Q6_K() : AffineType("q6_k", Values, sizeof(BlockQ6_K), Group, 63), IBlockQuantizer
{
    private const int Values = 256;
    private const int Group = 16;
    private const int Zero = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        byte* values = stackalloc byte[Values];
        Vector128<byte> zero = Vector128.Create((byte)Zero);
        for (BlockQ6_K* block = (BlockQ6_K*)source, end = block + blocks; block < end; block++)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            Split(block, values);
            for (int group = 0; group < Values / Group; group++, destination += Group)
                Bytes16.Multiply((Vector128.Load(values + group * Group) - zero).AsSByte(), scale * block->Scales[group], destination);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        for (BlockQ6_K* block = (BlockQ6_K*)source, end = block + blocks; block < end; block++, values += Values)
        {
            Split(block, values);
            float scale = HalfFloat.ToSingle(block->Scale);
            for (int group = 0; group < Values / Group; group++, scales++, minimums++)
            {
                *scales = scale * block->Scales[group];
                *minimums = Zero * *scales;
            }
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        byte* quants = stackalloc byte[Values];
        for (BlockQ6_K* block = (BlockQ6_K*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            QuantizeGroups(source, quants, block);
            for (int i = 0; i < Values / 4; i++)
            {
                // Values of half h at 128h: i and i + 64 share a byte of nibbles; i, i + 32, i + 64 and i + 96 share a byte of top bits.
                byte* nibbles = quants + i % 64;
                for (int half = 0; half < 2; half++)
                    block->Quants[64 * half + i] = (byte)(nibbles[128 * half] & 15 | (nibbles[128 * half + 64] & 15) << 4);
                byte* top = quants + i / 32 * 128 + i % 32;
                block->TopBits[i] = (byte)(top[0] >> 4 | top[32] >> 4 << 2 | top[64] >> 4 << 4 | top[96] >> 4 << 6);
            }
        }
    }

    private static void QuantizeGroups(float* source, byte* quants, BlockQ6_K* block)
    {
        float* scales = stackalloc float[Values / Group];
        for (int group = 0; group < Values / Group; group++)
            scales[group] = SymmetricSearch.Find(source + group * Group, Group, Zero, quants + group * Group);
        float outermost = Extremes.Outermost(scales, Values / Group);
        if (MathF.Abs(outermost) < SymmetricSearch.Smallest)
        {
            *block = default;
            // Zero is 32 in the quants, but 0 in a block without scales.
            new Span<byte>(quants, Values).Clear();
            return;
        }
        float inverse = -128 / outermost;
        block->Scale = Extremes.HalfBits(1 / inverse);
        for (int group = 0; group < Values / Group; group++)
        {
            block->Scales[group] = (sbyte)int.Min(127, (int)MathF.Round(inverse * scales[group]));
            float scale = HalfFloat.ToSingle(block->Scale) * block->Scales[group];
            if (scale == 0)
                continue;
            for (int i = group * Group; i < (group + 1) * Group; i++)
                quants[i] = (byte)(int.Clamp((int)MathF.Round(source[i] / scale), -Zero, Zero - 1) + Zero);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(BlockQ6_K* block, byte* values)
    {
        for (int half = 0; half < 2; half++)
            for (int i = 0; i < 32; i += 16)
            {
                Vector128<byte> first = Vector128.Load(block->Quants + 64 * half + i), second = Vector128.Load(block->Quants + 64 * half + 32 + i);
                Vector128<byte> top = Vector128.Load(block->TopBits + 32 * half + i), bits = Vector128.Create((byte)0x30);
                byte* to = values + 128 * half + i;
                (Nibbles.Low(first) | (top.AsUInt16() << 4).AsByte() & bits).Store(to);
                (Nibbles.Low(second) | (top.AsUInt16() << 2).AsByte() & bits).Store(to + 32);
                (Nibbles.High(first) | top & bits).Store(to + 64);
                (Nibbles.High(second) | (top.AsUInt16() >> 2).AsByte() & bits).Store(to + 96);
            }
    }
}
