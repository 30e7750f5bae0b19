using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of Q4_K or Q5_K, two groups at a time.</summary>
internal readonly unsafe struct KTile<TBlock, TByteDot> : IRowTile
    where TBlock : struct, IKBlock
    where TByteDot : struct, IByteDot
{
    private const int Columns = 256;
    private const int Groups = Columns / Int8Activation.Group;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, IRowCount
    {
        nint scaleOffset = Int8Activation.ScaleOffset(columns), sumOffset = Int8Activation.SumOffset(columns);
        Vector256<byte> nibble = Vector256.Create((byte)15);
        // Stored once and broadcast from memory: load ports are free here, shuffles are not.
        float* scales = stackalloc float[TRows.Count * Groups];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, a0 = activations, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            Vector256<float> low0 = default, high0 = default, minimums0 = default, low1 = default, high1 = default, minimums1 = default;
            Vector256<float> low2 = default, high2 = default, minimums2 = default, low3 = default, high3 = default, minimums3 = default;
            for (int column = 0; column < columns; block += TBlock.Bytes)
            {
                Ahead(block);
                Headers(block, out Vector256<float> scale, out Vector256<float> minimum);
                nint at = column / Int8Activation.Group * sizeof(float);
                Scale(scale, minimum, a0 + at, scaleOffset, sumOffset, scales, ref minimums0);
                if (TRows.Count > 1)
                    Scale(scale, minimum, a1 + at, scaleOffset, sumOffset, scales + Groups, ref minimums1);
                if (TRows.Count > 2)
                    Scale(scale, minimum, a2 + at, scaleOffset, sumOffset, scales + 2 * Groups, ref minimums2);
                if (TRows.Count > 3)
                    Scale(scale, minimum, a3 + at, scaleOffset, sumOffset, scales + 3 * Groups, ref minimums3);
                Vector256<byte> fifth = TBlock.HasFifthBits ? Vector256.Load(block + 16) : default;
                byte* nibbles = block + TBlock.Nibbles;
                for (int pair = 0; pair < Groups; pair += 2, nibbles += 32, column += 64)
                {
                    Vector256<byte> packed = Vector256.Load(nibbles);
                    Vector256<byte> low = packed & nibble, high = (packed.AsUInt16() >> 4).AsByte() & nibble;
                    if (TBlock.HasFifthBits)
                    {
                        // The 16-bit shifts drag in bits of the neighbour, which the mask removes.
                        Vector256<byte> bit = Vector256.Create((byte)16);
                        low |= (fifth.AsUInt16() << 4).AsByte() & bit;
                        high |= (fifth.AsUInt16() << 3).AsByte() & bit;
                        fifth = (fifth.AsUInt16() >> 2).AsByte();
                    }
                    low0 = Add(low0, scales + pair, low, a0 + column);
                    high0 = Add(high0, scales + pair + 1, high, a0 + column + 32);
                    if (TRows.Count > 1)
                    {
                        low1 = Add(low1, scales + pair + Groups, low, a1 + column);
                        high1 = Add(high1, scales + pair + 1 + Groups, high, a1 + column + 32);
                    }
                    if (TRows.Count > 2)
                    {
                        low2 = Add(low2, scales + pair + 2 * Groups, low, a2 + column);
                        high2 = Add(high2, scales + pair + 1 + 2 * Groups, high, a2 + column + 32);
                    }
                    if (TRows.Count > 3)
                    {
                        low3 = Add(low3, scales + pair + 3 * Groups, low, a3 + column);
                        high3 = Add(high3, scales + pair + 1 + 3 * Groups, high, a3 + column + 32);
                    }
                }
            }
            output[row] = Vector256.Sum(low0 + high0 - minimums0);
            if (TRows.Count > 1)
                output[row + outputStride] = Vector256.Sum(low1 + high1 - minimums1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = Vector256.Sum(low2 + high2 - minimums2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = Vector256.Sum(low3 + high3 - minimums3);
        }
    }

    /// <summary>Adds a group's integer dot product, in eight parts, times its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> sum, float* scale, Vector256<byte> weights, byte* q) =>
        Fma.MultiplyAdd(Vector256.Create(*scale), Vector256.ConvertToSingle(TByteDot.Add(Vector256<int>.Zero, weights, Vector256.Load((sbyte*)q))), sum);

    /// <summary>The groups' scales times the activations'; adds the groups' minimums times the activations' sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(Vector256<float> scale, Vector256<float> minimum, byte* activation, nint scaleOffset, nint sumOffset, float* scales, ref Vector256<float> minimums)
    {
        (scale * Vector256.Load((float*)(activation + scaleOffset))).Store(scales);
        minimums = Fma.MultiplyAdd(minimum, Vector256.Load((float*)(activation + sumOffset)), minimums);
    }

    /// <summary>The groups' scales and minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Headers(byte* block, out Vector256<float> scale, out Vector256<float> minimum)
    {
        uint halves = Unsafe.ReadUnaligned<uint>(block);
        Vector128<float> both = HalfFloat.ToSingle(Vector128.Create((int)halves, (int)(halves >> 16), 0, 0));
        KScales.Read(block + 4, out ulong scaleBytes, out ulong minimumBytes);
        scale = Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32(Vector128.CreateScalar(scaleBytes).AsByte()))
            * X86.Avx2.BroadcastScalarToVector256(both);
        minimum = Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32(Vector128.CreateScalar(minimumBytes).AsByte()))
            * X86.Avx2.BroadcastScalarToVector256(Sse.Shuffle(both, both, 0b01_01_01_01));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* block)
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
    }
}
