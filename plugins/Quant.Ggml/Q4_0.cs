using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>32 values of 4 bits around zero: (u − 8) · scale.</summary>
internal sealed unsafe class Q4_0() : AffineType("q4_0", Values, sizeof(BlockQ4_0), Values, Greatest), IBlockQuantizer
{
    private const int Values = 32;
    private const int Greatest = 15;
    private const int Zero = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        Vector128<byte> zero = Vector128.Create((byte)Zero);
        for (BlockQ4_0* block = (BlockQ4_0*)source, end = block + blocks; block < end; block++, destination += Values)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            Split(block, out Vector128<byte> low, out Vector128<byte> high);
            Bytes16.Multiply((low - zero).AsSByte(), scale, destination);
            Bytes16.Multiply((high - zero).AsSByte(), scale, destination + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        for (BlockQ4_0* block = (BlockQ4_0*)source, end = block + blocks; block < end; block++, values += Values, scales++, minimums++)
        {
            Split(block, out Vector128<byte> low, out Vector128<byte> high);
            low.Store(values);
            high.Store(values + 16);
            *scales = HalfFloat.ToSingle(block->Scale);
            *minimums = Zero * *scales;
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockQ4_0* block = (BlockQ4_0*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            float scale = Extremes.Outermost(source, Values) / -Zero, inverse = Extremes.Inverse(scale);
            block->Scale = Extremes.HalfBits(scale);
            for (int i = 0; i < Values / 2; i++)
            {
                uint low = Round(source[i] * inverse + (Zero + 0.5f)), high = Round(source[i + Values / 2] * inverse + (Zero + 0.5f));
                block->Quants[i] = (byte)(low | high << 4);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(BlockQ4_0* block, out Vector128<byte> low, out Vector128<byte> high)
    {
        Vector128<byte> packed = Vector128.Load(block->Quants);
        low = Nibbles.Low(packed);
        high = Nibbles.High(packed);
    }

    // Truncates: the half was added by the caller.
    private static uint Round(float value) => uint.Min(Greatest, (uint)value);
}
