using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class KDot
{
    /// <summary>64 bytes of nibbles at a time: the low ones are the groups 0 and 2, the high ones 1 and 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx512<TBlock>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IKBlock
    {
        Vector512<byte> nibble = Vector512.Create((byte)15), bit = Vector512.Create((byte)16);
        Vector512<short> ones = Vector512.Create((short)1);
        Vector512<int> first = Vector512.Create(Vector256.Create(0), Vector256.Create(2));
        Vector512<int> second = first + Vector512.Create(1), third = first + Vector512.Create(4), fourth = first + Vector512.Create(5);
        // The fifth bits of the groups 0 and 2 go left to bit 4, those of 4 and 6 right.
        Vector512<ushort> left = Vector512.Create(Vector256.Create((ushort)4), Vector256.Create((ushort)2));
        Vector512<ushort> right = Vector512.Create(Vector256.Create((ushort)0), Vector256.Create((ushort)2));
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activation;
            float* activationScales = (float*)(activation + Int8Activation.ScaleOffset(columns));
            float* activationSums = (float*)(activation + Int8Activation.SumOffset(columns));
            Vector512<float> sum0 = default, sum1 = default;
            Vector256<float> minimums = default;
            for (int rest = columns; rest > 0; rest -= Columns, block += TBlock.Bytes, q += Columns)
            {
                Ahead(block);
                Vector512<float> scales = Scale(block, activationScales, activationSums, ref minimums).ToVector512Unsafe();
                activationScales += Groups;
                activationSums += Groups;
                Vector512<byte> packed = Vector512.Load(block + TBlock.Nibbles);
                Vector512<byte> low = packed & nibble, high = (packed.AsUInt16() >> 4).AsByte() & nibble;
                packed = Vector512.Load(block + TBlock.Nibbles + 64);
                Vector512<byte> low2 = packed & nibble, high2 = (packed.AsUInt16() >> 4).AsByte() & nibble;
                if (TBlock.HasFifthBits)
                {
                    Vector256<byte> half = Vector256.Load(block + 16);
                    Vector512<ushort> fifth = Vector512.Create(half, half).AsUInt16();
                    Vector512<ushort> moved = Avx512BW.ShiftLeftLogicalVariable(fifth, left);
                    low |= moved.AsByte() & bit;
                    high |= (moved >> 1).AsByte() & bit;
                    moved = Avx512BW.ShiftRightLogicalVariable(fifth, right);
                    low2 |= moved.AsByte() & bit;
                    high2 |= (moved >> 1).AsByte() & bit;
                }
                sum0 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, first), Dot(low, q, ones), sum0);
                sum1 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, second), Dot(high, q + 32, ones), sum1);
                sum0 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, third), Dot(low2, q + 128, ones), sum0);
                sum1 = Avx512F.FusedMultiplyAdd(Avx512F.PermuteVar16x32(scales, fourth), Dot(high2, q + 160, ones), sum1);
            }
            output[row] = Vector512.Sum(sum0 + sum1) - Vector256.Sum(minimums);
        }
    }

    /// <summary>Weights of two groups with the activations at q and q + 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Dot(Vector512<byte> weights, sbyte* q, Vector512<short> ones)
    {
        Vector512<sbyte> activations = Vector512.Create(Vector256.Load(q), Vector256.Load(q + 64));
        return Avx512F.ConvertToVector512Single(Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights, activations), ones));
    }
}
