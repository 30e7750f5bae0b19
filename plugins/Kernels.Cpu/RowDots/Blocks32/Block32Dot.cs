using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>Rows of 32-weight blocks with an int8 activation row: an exact integer for each block, then its scales.</summary>
internal static unsafe partial class Block32Dot
{
    private const int Columns = Int8Activation.Group;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar<TBlock>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IBlock32
    {
        float* scales = (float*)(activation + Int8Activation.ScaleOffset(columns));
        float* sums = (float*)(activation + Int8Activation.SumOffset(columns));
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activation;
            double sum = 0;
            for (int group = 0; group < columns / Columns; group++, block += TBlock.Bytes, q += Columns)
            {
                int dot = 0;
                for (int i = 0; i < Columns; i++)
                    dot += TBlock.Weight(block, i) * q[i];
                sum += (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block)) * scales[group] * dot;
                if (TBlock.HasMinimum)
                    sum += (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + 2)) * sums[group];
            }
            output[row] = (float)sum;
        }
    }
}
