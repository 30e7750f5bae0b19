using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// Rows of Q6_K with an activation row of <see cref="Int8SuperActivation"/>: an exact integer for each block, then its scale. A block is nibbles 128 · top bits 64 · signed scales of groups of 16 16 · scale 2; its two halves are
/// alike: 128 weights from 64 bytes of nibbles (low ones first) and 32 bytes of top bits (two bits for the weights i, 32 + i, 64 + i, 96 + i).
/// </summary>
internal static unsafe class Q6KDot
{
    private const int Columns = Int8SuperActivation.Block;
    public const int Bytes = 210;
    public const int Top = 128;
    public const int Scales = 192;
    public const int SuperScale = 208;
    private const int Group = 16;
    public const int ZeroShift = 5;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
    {
        float* steps = (float*)(activation + Int8SuperActivation.ScaleOffset(columns));
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            double sum = 0;
            for (int i = 0; i < columns / Columns; i++, block += Bytes)
            {
                sbyte* q = (sbyte*)activation + i * Columns;
                long products = 0;
                for (int column = 0; column < Columns; column++)
                    products += (sbyte)block[Scales + column / Group] * Weight(block, column) * q[column];
                sum += (double)HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + SuperScale)) * steps[i] * products;
            }
            output[row] = (float)sum;
        }
    }

    private static int Weight(byte* block, int column)
    {
        int half = column / 128, place = column % 128;
        int nibble = block[64 * half + place % 64] >> place / 64 * 4 & 15;
        int top = block[Top + 32 * half + place % 32] >> place / 32 * 2 & 3;
        return (nibble | top << 4) - (1 << ZeroShift);
    }
}
