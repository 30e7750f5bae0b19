using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values of 4 bits in groups of 32, with 6-bit scales and minimums.</summary>
internal sealed unsafe class Q4_K() : AffineType("q4_k", Values, sizeof(BlockQ4_K), KGroups.Values, Greatest), IBlockQuantizer
{
    private const int Values = 256;
    private const int Greatest = 15;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        for (BlockQ4_K* block = (BlockQ4_K*)source, end = block + blocks; block < end; block++)
        {
            float scale = HalfFloat.ToSingle(block->Scale), minimumScale = HalfFloat.ToSingle(block->MinimumScale);
            KScales.Read(block->Scales, out ulong scales, out ulong minimums);
            for (byte* packed = block->Quants, packedEnd = packed + Values / 2; packed < packedEnd; packed += 32, destination += 64)
            {
                Vector128<byte> first = Vector128.Load(packed), second = Vector128.Load(packed + 16);
                float groupScale = scale * (byte)scales, offset = -(minimumScale * (byte)minimums);
                Bytes16.MultiplyAdd(Nibbles.Low(first), groupScale, offset, destination);
                Bytes16.MultiplyAdd(Nibbles.Low(second), groupScale, offset, destination + 16);
                groupScale = scale * (byte)(scales >> 8);
                offset = -(minimumScale * (byte)(minimums >> 8));
                Bytes16.MultiplyAdd(Nibbles.High(first), groupScale, offset, destination + 32);
                Bytes16.MultiplyAdd(Nibbles.High(second), groupScale, offset, destination + 48);
                scales >>= 16;
                minimums >>= 16;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        for (BlockQ4_K* block = (BlockQ4_K*)source, end = block + blocks; block < end; block++)
        {
            KGroups.Unpack(block->Scale, block->MinimumScale, block->Scales, scales, minimums);
            scales += KGroups.Count;
            minimums += KGroups.Count;
            for (byte* packed = block->Quants, packedEnd = packed + Values / 2; packed < packedEnd; packed += 32, values += 64)
            {
                Vector128<byte> first = Vector128.Load(packed), second = Vector128.Load(packed + 16);
                Nibbles.Low(first).Store(values);
                Nibbles.Low(second).Store(values + 16);
                Nibbles.High(first).Store(values + 32);
                Nibbles.High(second).Store(values + 48);
            }
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        byte* quants = stackalloc byte[Values];
        AffineSearch search = new(Greatest, FirstStep: -1, Steps: 20);
        for (BlockQ4_K* block = (BlockQ4_K*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            KGroups.Quantize(search, source, quants, out block->Scale, out block->MinimumScale, block->Scales);
            for (int i = 0; i < Values / 2; i++)
            {
                byte* pair = quants + i / 32 * 64 + i % 32;
                block->Quants[i] = (byte)(pair[0] | pair[32] << 4);
            }
        }
    }
}
