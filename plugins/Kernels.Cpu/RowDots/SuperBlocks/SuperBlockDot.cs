using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// Rows of super-blocks with an activation row of <see cref="Int8SuperActivation"/>: exact integers for each block, Σ scale · dot and Σ minimum · sum, then
/// their float scales. <see cref="SuperSum"/> says in which order the blocks are added.
/// </summary>
internal static unsafe partial class SuperBlockDot
{
    private const int Columns = Int8SuperActivation.Block;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar<TBlock>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, ISuperBlock
    {
        float* steps = (float*)(activation + Int8SuperActivation.ScaleOffset(columns));
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            double sum = 0;
            for (int i = 0; i < columns / Columns; i++, block += TBlock.Bytes)
            {
                sbyte* q = (sbyte*)activation + i * Columns;
                long products = 0, offsets = 0;
                for (int group = 0; group < Columns / TBlock.Group; group++)
                {
                    int dot = 0, total = 0;
                    for (int column = group * TBlock.Group; column < (group + 1) * TBlock.Group; column++)
                    {
                        dot += TBlock.Weight(block, column) * q[column];
                        total += q[column];
                    }
                    products += TBlock.GroupScale(block, group) * dot;
                    offsets += TBlock.GroupMinimum(block, group) * total;
                }
                sum += (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + TBlock.Scale)) * steps[i] * products;
                if (TBlock.HasMinimums)
                    sum -= (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + TBlock.Scale + 2)) * steps[i] * offsets;
            }
            output[row] = (float)sum;
        }
    }
}
