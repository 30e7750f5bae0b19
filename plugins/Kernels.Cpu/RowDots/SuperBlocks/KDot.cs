using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of Q4_K or Q5_K with an int8 activation row: an exact integer for each group of 32, then its scales.</summary>
internal static unsafe class KDot
{
    private const int Columns = 256;
    private const int Groups = Columns / Int8Activation.Group;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar<TBlock>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IKBlock
    {
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activation;
            float* activationScales = (float*)(activation + Int8Activation.ScaleOffset(columns));
            float* activationSums = (float*)(activation + Int8Activation.SumOffset(columns));
            double sum = 0;
            for (int rest = columns; rest > 0; rest -= Columns, block += TBlock.Bytes)
            {
                double scale = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block)), minimumScale = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + 2));
                KScales.Read(block + 4, out ulong scales, out ulong minimums);
                for (int group = 0; group < Groups; group++, scales >>= 8, minimums >>= 8, q += Int8Activation.Group)
                {
                    sum += scale * (byte)scales * *activationScales++ * GroupDot<TBlock>(block, group, q);
                    sum -= minimumScale * (byte)minimums * *activationSums++;
                }
            }
            output[row] = (float)sum;
        }
    }

    private static int GroupDot<TBlock>(byte* block, int group, sbyte* q)
        where TBlock : struct, IKBlock
    {
        byte* nibbles = block + TBlock.Nibbles + group / 2 * Int8Activation.Group;
        int shift = group % 2 * 4, dot = 0;
        for (int i = 0; i < Int8Activation.Group; i++)
        {
            int weight = nibbles[i] >> shift & 15;
            if (TBlock.HasFifthBits)
                weight |= (block[16 + i] >> group & 1) << 4;
            dot += weight * q[i];
        }
        return dot;
    }
}
