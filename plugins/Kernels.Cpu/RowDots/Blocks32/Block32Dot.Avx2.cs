using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal static unsafe partial class Block32Dot
{
    private const int Batch = 8;

    /// <summary>Eight blocks at a time, whose scales are converted together; the blocks that are left one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx2<TBlock, TByteDot>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IBlock32
        where TByteDot : struct, IByteDot
    {
        float* activationScales = (float*)(activation + Int8Activation.ScaleOffset(columns));
        float* activationSums = (float*)(activation + Int8Activation.SumOffset(columns));
        nint negatedSums = Int8Activation.NegatedSum4Offset(columns);
        int groups = columns / Columns;
        // Stored once and broadcast from memory: load ports are free here, shuffles are not.
        float* scales = stackalloc float[Batch];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, q = activation;
            Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default, minimums = default;
            int group = 0;
            for (; group <= groups - Batch; group += Batch, block += Batch * TBlock.Bytes, q += Batch * Columns)
            {
                Ahead<TBlock>(block);
                Vector256<int> halves = Starts<TBlock>(block);
                (HalfFloat.ToSingle(halves) * Vector256.Load(activationScales + group)).Store(scales);
                if (TBlock.HasMinimum)
                    minimums = Fma.MultiplyAdd(HalfFloat.ToSingle(halves >> 16), Vector256.Load(activationSums + group), minimums);
                sum0 = Fma.MultiplyAdd(Vector256.Create(scales[0]), Dot<TBlock, TByteDot>(block, q, negatedSums), sum0);
                sum1 = Fma.MultiplyAdd(Vector256.Create(scales[1]), Dot<TBlock, TByteDot>(block + TBlock.Bytes, q + Columns, negatedSums), sum1);
                sum2 = Fma.MultiplyAdd(Vector256.Create(scales[2]), Dot<TBlock, TByteDot>(block + 2 * TBlock.Bytes, q + 2 * Columns, negatedSums), sum2);
                sum3 = Fma.MultiplyAdd(Vector256.Create(scales[3]), Dot<TBlock, TByteDot>(block + 3 * TBlock.Bytes, q + 3 * Columns, negatedSums), sum3);
                sum0 = Fma.MultiplyAdd(Vector256.Create(scales[4]), Dot<TBlock, TByteDot>(block + 4 * TBlock.Bytes, q + 4 * Columns, negatedSums), sum0);
                sum1 = Fma.MultiplyAdd(Vector256.Create(scales[5]), Dot<TBlock, TByteDot>(block + 5 * TBlock.Bytes, q + 5 * Columns, negatedSums), sum1);
                sum2 = Fma.MultiplyAdd(Vector256.Create(scales[6]), Dot<TBlock, TByteDot>(block + 6 * TBlock.Bytes, q + 6 * Columns, negatedSums), sum2);
                sum3 = Fma.MultiplyAdd(Vector256.Create(scales[7]), Dot<TBlock, TByteDot>(block + 7 * TBlock.Bytes, q + 7 * Columns, negatedSums), sum3);
            }
            float minimum = 0;
            for (; group < groups; group++, block += TBlock.Bytes, q += Columns)
            {
                Sse.Prefetch0(block + Prefetch.Distance);
                float scale = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block)) * activationScales[group];
                if (TBlock.HasMinimum)
                    minimum = MathF.FusedMultiplyAdd(HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + 2)), activationSums[group], minimum);
                sum0 = Fma.MultiplyAdd(Vector256.Create(scale), Dot<TBlock, TByteDot>(block, q, negatedSums), sum0);
            }
            output[row] = Vector256.Sum(sum0 + sum1 + (sum2 + sum3) + minimums) + minimum;
        }
    }

    /// <summary>The block's integer dot product, in eight parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Dot<TBlock, TByteDot>(byte* block, byte* q, nint negatedSums)
        where TBlock : struct, IBlock32
        where TByteDot : struct, IByteDot
    {
        Vector256<byte> weights = TBlock.Weights(block);
        Vector256<sbyte> activations = Vector256.Load((sbyte*)q);
        if (TBlock.IsSigned)
            // The sign moves to the activations, which are never -128.
            return Vector256.ConvertToSingle(TByteDot.Add(
                Vector256<int>.Zero,
                X86.Avx2.Abs(weights.AsSByte()),
                X86.Avx2.Sign(activations, weights.AsSByte())));
        Vector256<int> start = TBlock.HasMinimum ? Vector256<int>.Zero : Vector256.Load((int*)(q + negatedSums)) << TBlock.ZeroShift;
        return Vector256.ConvertToSingle(TByteDot.Add(start, weights, activations));
    }

    /// <summary>The first four bytes of eight blocks: the scale, and the minimum or what else follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Starts<TBlock>(byte* block)
        where TBlock : struct, IBlock32 =>
        Vector256.Create(
            Unsafe.ReadUnaligned<int>(block),
            Unsafe.ReadUnaligned<int>(block + TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 2 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 3 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 4 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 5 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 6 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 7 * TBlock.Bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead<TBlock>(byte* block)
        where TBlock : struct, IBlock32
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
        if (Batch * TBlock.Bytes > 192)
        {
            Sse.Prefetch0(block + Prefetch.Distance + 192);
            Sse.Prefetch0(block + Prefetch.Distance + 256);
        }
    }
}
