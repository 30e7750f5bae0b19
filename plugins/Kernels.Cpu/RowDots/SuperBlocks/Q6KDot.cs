using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// Rows of Q6_K with an int8 activation row. A block is nibbles 128 · top bits 64 · signed scales of groups of 16 16 · scale 2; its two halves are
/// alike: 128 weights from 64 bytes of nibbles (low ones first) and 32 bytes of top bits (two bits for the weights i, 32 + i, 64 + i, 96 + i).
/// </summary>
internal static unsafe class Q6KDot
{
    private const int Columns = 256;
    public const int Bytes = 210;
    public const int Top = 128;
    public const int Scales = 192;
    public const int SuperScale = 208;
    public const int Groups = Columns / Group;
    private const int Group = 16;
    public const int ZeroShift = 5;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
    {
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activation;
            float* activationScales = (float*)(activation + Int8Activation.ScaleOffset(columns));
            double sum = 0;
            for (int rest = columns; rest > 0; rest -= Columns, block += Bytes, q += Columns, activationScales += Columns / Int8Activation.Group)
            {
                double scale = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + SuperScale));
                for (int group = 0; group < Groups; group++)
                {
                    int dot = 0;
                    for (int i = group * Group; i < (group + 1) * Group; i++)
                        dot += Weight(block, i) * q[i];
                    sum += scale * (sbyte)block[Scales + group] * activationScales[group / 2] * dot;
                }
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
