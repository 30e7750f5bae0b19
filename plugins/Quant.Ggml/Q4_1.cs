using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>32 values of 4 bits above a minimum: u · scale + minimum.</summary>
internal sealed unsafe class Q4_1() : AffineType("q4_1", Values, sizeof(BlockQ4_1), Values, Greatest), IBlockQuantizer
{
    private const int Values = 32;
    private const int Greatest = 15;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        for (BlockQ4_1* block = (BlockQ4_1*)source, end = block + blocks; block < end; block++, destination += Values)
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
        for (BlockQ4_1* block = (BlockQ4_1*)source, end = block + blocks; block < end; block++, values += Values, scales++, minimums++)
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
        for (BlockQ4_1* block = (BlockQ4_1*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            (float least, float greatest) = Extremes.Range(source, Values);
            float scale = (greatest - least) / 15, inverse = Extremes.Inverse(scale);
            block->Scale = Extremes.HalfBits(scale);
            block->Minimum = Extremes.HalfBits(least);
            for (int i = 0; i < Values / 2; i++)
            {
                uint low = Round((source[i] - least) * inverse + 0.5f), high = Round((source[i + Values / 2] - least) * inverse + 0.5f);
                block->Quants[i] = (byte)(low | high << 4);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(BlockQ4_1* block, out Vector128<byte> low, out Vector128<byte> high)
    {
        Vector128<byte> packed = Vector128.Load(block->Quants);
        low = Nibbles.Low(packed);
        high = Nibbles.High(packed);
    }

    // Truncates: the half was added by the caller.
    private static uint Round(float value) => uint.Min(Greatest, (uint)value);
}
