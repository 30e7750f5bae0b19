using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values of 5 bits in groups of 32, with 6-bit scales and minimums.</summary>
internal sealed unsafe class Q5_K() : AffineType("q5_k", Values, sizeof(BlockQ5_K), KGroups.Values, Greatest), IBlockQuantizer
{
    private const int Values = 256;
    private const int Greatest = 31;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        byte* values = stackalloc byte[Values];
        for (BlockQ5_K* block = (BlockQ5_K*)source, end = block + blocks; block < end; block++)
        {
            float scale = HalfFloat.ToSingle(block->Scale), minimumScale = HalfFloat.ToSingle(block->MinimumScale);
            KScales.Read(block->Scales, out ulong scales, out ulong minimums);
            Split(block, values);
            for (byte* group = values, last = values + Values; group < last; group += KGroups.Values, destination += KGroups.Values)
            {
                float groupScale = scale * (byte)scales, offset = -(minimumScale * (byte)minimums);
                Bytes16.MultiplyAdd(Vector128.Load(group), groupScale, offset, destination);
                Bytes16.MultiplyAdd(Vector128.Load(group + 16), groupScale, offset, destination + 16);
                scales >>= 8;
                minimums >>= 8;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        for (BlockQ5_K* block = (BlockQ5_K*)source, end = block + blocks; block < end; block++, values += Values)
        {
            KGroups.Unpack(block->Scale, block->MinimumScale, block->Scales, scales, minimums);
            scales += KGroups.Count;
            minimums += KGroups.Count;
            Split(block, values);
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        byte* quants = stackalloc byte[Values];
        AffineSearch search = new(Greatest, FirstStep: -0.5f, Steps: 15);
        for (BlockQ5_K* block = (BlockQ5_K*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            KGroups.Quantize(search, source, quants, out block->Scale, out block->MinimumScale, block->Scales);
            for (int i = 0; i < Values / 2; i++)
            {
                byte* pair = quants + i / 32 * 64 + i % 32;
                block->Quants[i] = (byte)(pair[0] & 15 | (pair[32] & 15) << 4);
            }
            for (int i = 0; i < KGroups.Values; i++)
            {
                int bits = 0;
                for (int group = 0; group < KGroups.Count; group++)
                    bits |= quants[group * KGroups.Values + i] >> 4 << group;
                block->FifthBits[i] = (byte)bits;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(BlockQ5_K* block, byte* values)
    {
        for (int half = 0; half < 32; half += 16)
        {
            Vector128<byte> fifth = Vector128.Load(block->FifthBits + half), bit = Vector128.Create((byte)16);
            for (int pair = 0; pair < 4; pair++)
            {
                Vector128<byte> packed = Vector128.Load(block->Quants + 32 * pair + half);
                // Bit 0 moves to bit 4, and the next one after it: the bits of the other bytes that a 16-bit shift drags in are masked.
                (Nibbles.Low(packed) | (fifth.AsUInt16() << 4).AsByte() & bit).Store(values + 64 * pair + half);
                (Nibbles.High(packed) | (fifth.AsUInt16() << 3).AsByte() & bit).Store(values + 64 * pair + 32 + half);
                fifth = (fifth.AsUInt16() >> 2).AsByte();
            }
        }
    }
}
