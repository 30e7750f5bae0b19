using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Rows of units with an int8 activation row in portable code: an exact integer for each scale, then both scales.</summary>
internal static unsafe class UnitDot
{
    /// <summary>Columns of a unit.</summary>
    public const int Columns = 256;

    /// <summary>Groups of 32 in a unit.</summary>
    public const int Groups = Columns / Int8Activation.Group;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar<TUnit>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TUnit : struct, IUnit
    {
        float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns));
        sbyte* w = stackalloc sbyte[Columns];
        float* scales = stackalloc float[2 * Groups];
        byte* table = TUnit.Table();
        int length = TUnit.HasSixteens ? 16 : 32;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            double sum = 0;
            byte* unit = weights;
            for (int column = 0; column < columns; column += Columns, unit += TUnit.Bytes)
            {
                int count = int.Min(Columns, columns - column);
                TUnit.UnpackScalar(unit, count / Int8Activation.Group, table, w, scales);
                sbyte* q = (sbyte*)activation + column;
                for (int start = 0; start < count; start += length)
                {
                    int dot = 0;
                    for (int i = start; i < start + length; i++)
                        dot += w[i] * q[i];
                    sum += (double)scales[start / length] * steps[(column + start) / Int8Activation.Group] * dot;
                }
            }
            output[row] = (float)sum;
        }
    }
}
