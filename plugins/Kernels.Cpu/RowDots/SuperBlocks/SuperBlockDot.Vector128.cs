using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class SuperBlockDot
{
    private const int Part = 32, Parts = Columns / Part;

    /// <summary>The scalar form's sums, 32 columns at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Portable<TBlock>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, ISuperBlock
    {
        float* steps = (float*)(activation + Int8SuperActivation.ScaleOffset(columns));
        short* sums = (short*)(activation + (TBlock.Group == Part ? Int8SuperActivation.Sum32Offset(columns) : Int8SuperActivation.Sum16Offset(columns)));
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            double sum = 0;
            for (int i = 0; i < columns / Columns; i++, block += TBlock.Bytes)
            {
                sum += (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + TBlock.Scale)) * steps[i] * Products<TBlock>(block, (sbyte*)activation + i * Columns);
                if (TBlock.HasMinimums)
                    sum -= (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + TBlock.Scale + 2)) * steps[i] * Offsets<TBlock>(block, sums + i * (Columns / TBlock.Group));
            }
            output[row] = (float)sum;
        }
    }

    /// <summary>Σ scale · dot: at most 256 · 127 · 127 · 63.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Products<TBlock>(byte* block, sbyte* q)
        where TBlock : struct, ISuperBlock
    {
        Vector128<int> sum = default;
        for (int part = 0; part < Parts; part++, q += Part)
        {
            TBlock.Signed(block, part, out Vector128<sbyte> low, out Vector128<sbyte> high);
            Vector128<int> first = SignedDot.Add(default, low, Vector128.Load(q));
            if (TBlock.Group == Part)
                sum += SignedDot.Add(first, high, Vector128.Load(q + 16)) * TBlock.GroupScale(block, part);
            else
                sum += first * TBlock.GroupScale(block, 2 * part) + SignedDot.Add(default, high, Vector128.Load(q + 16)) * TBlock.GroupScale(block, 2 * part + 1);
        }
        return Vector128.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Offsets<TBlock>(byte* block, short* sums)
        where TBlock : struct, ISuperBlock
    {
        int total = 0;
        for (int group = 0; group < Columns / TBlock.Group; group++)
            total += TBlock.GroupMinimum(block, group) * sums[group];
        return total;
    }
}
