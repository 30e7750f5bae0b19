using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// Rows of Q4_K or Q5_K with an activation row of <see cref="Int8SuperActivation"/>: two exact integers for each block, Σ scale · dot and Σ minimum · sum, then
/// their float scales. <see cref="SuperSum"/> says in which order the blocks are added.
/// </summary>
internal static unsafe partial class KDot
{
    private const int Columns = Int8SuperActivation.Block;
    private const int Groups = Columns / 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar<TBlock>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IKBlock
    {
        short* sums = (short*)(activation + Int8SuperActivation.Sum32Offset(columns));
        float* steps = (float*)(activation + Int8SuperActivation.ScaleOffset(columns));
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            double sum = 0;
            for (int i = 0; i < columns / Columns; i++, block += TBlock.Bytes)
            {
                KScales.Read(block + 4, out ulong scales, out ulong minimums);
                long products = 0, offsets = 0;
                for (int group = 0; group < Groups; group++, scales >>= 8, minimums >>= 8)
                {
                    products += (byte)scales * GroupDot<TBlock>(block, group, (sbyte*)activation + i * Columns + group * 32);
                    offsets += (byte)minimums * sums[i * Groups + group];
                }
                sum += (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block)) * steps[i] * products;
                sum -= (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + 2)) * steps[i] * offsets;
            }
            output[row] = (float)sum;
        }
    }

    private static int GroupDot<TBlock>(byte* block, int group, sbyte* q)
        where TBlock : struct, IKBlock
    {
        byte* nibbles = block + TBlock.Nibbles + group / 2 * 32;
        int shift = group % 2 * 4, dot = 0;
        for (int i = 0; i < 32; i++)
        {
            int weight = nibbles[i] >> shift & 15;
            if (TBlock.HasFifthBits)
                weight |= (block[16 + i] >> group & 1) << 4;
            dot += weight * q[i];
        }
        return dot;
    }
}
