using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>32 values of 5 bits above a minimum: u · scale + minimum.</summary>
internal sealed unsafe class Q5_1() : AffineType("q5_1", Values, sizeof(BlockQ5_1), Values, Greatest), IBlockQuantizer
{
    private const int Values = 32;
    private const int Greatest = 31;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        for (BlockQ5_1* block = (BlockQ5_1*)source, end = block + blocks; block < end; block++, destination += Values)
        {
            float scale = HalfFloat.ToSingle(block->Scale), minimum = HalfFloat.ToSingle(block->Minimum);
            Split(block, out Vector128<byte> low, out Vector128<byte> high);
            Bytes16.MultiplyAdd(low, scale, minimum, destination);
            Bytes16.MultiplyAdd(high, scale, minimum, destination + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        for (BlockQ5_1* block = (BlockQ5_1*)source, end = block + blocks; block < end; block++, values += Values, scales++, minimums++)
        {
            Split(block, out Vector128<byte> low, out Vector128<byte> high);
            low.Store(values);
            high.Store(values + 16);
            *scales = HalfFloat.ToSingle(block->Scale);
            *minimums = -HalfFloat.ToSingle(block->Minimum);
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockQ5_1* block = (BlockQ5_1*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            (float least, float greatest) = Extremes.Range(source, Values);
            float scale = (greatest - least) / 31, inverse = Extremes.Inverse(scale);
            block->Scale = Extremes.HalfBits(scale);
            block->Minimum = Extremes.HalfBits(least);
            uint fifthBits = 0;
            for (int i = 0; i < Values / 2; i++)
            {
                uint low = Round((source[i] - least) * inverse + 0.5f), high = Round((source[i + Values / 2] - least) * inverse + 0.5f);
                block->Quants[i] = (byte)(low & 15 | (high & 15) << 4);
                fifthBits |= low >> 4 << i | high >> 4 << (i + Values / 2);
            }
            block->FifthBits = fifthBits;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(BlockQ5_1* block, out Vector128<byte> low, out Vector128<byte> high)
    {
        Vector128<byte> packed = Vector128.Load(block->Quants);
        low = Nibbles.Low(packed) | Nibbles.FifthBits((ushort)block->FifthBits);
        high = Nibbles.High(packed) | Nibbles.FifthBits((ushort)(block->FifthBits >> 16));
    }

    // Truncates: the half was added by the caller.
    private static uint Round(float value) => uint.Min(Greatest, (uint)value);
}
