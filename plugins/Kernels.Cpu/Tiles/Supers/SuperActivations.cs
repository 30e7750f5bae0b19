using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>
/// 256 columns of 8 or 16 rows of <see cref="Int8SuperActivation"/>, interleaved:
/// <code>
/// sbyte q[64][width][4]
/// short sum32[4][width][2]
/// short sum16[8][width][2]
/// float step[width]
/// </code>
/// </summary>
internal static unsafe partial class SuperActivations
{
    /// <summary>Where the sums of 32 start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum32(int width) => 256 * width;

    /// <summary>Where the sums of 16 start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum16(int width) => 272 * width;

    /// <summary>Where the scales start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Step(int width) => 304 * width;

    /// <summary>Bytes of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int width) => 308 * width;

    /// <summary>Interleaves a part of the blocks of prepared rows.</summary>
    public static void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int part, int parts)
    {
        int blocks = columns / Int8SuperActivation.Block;
        int sum16 = Int8SuperActivation.Sum16Offset(columns), sum32 = Int8SuperActivation.Sum32Offset(columns), scale = Int8SuperActivation.ScaleOffset(columns);
        for (int block = blocks * part / parts; block < blocks * (part + 1) / parts; block++)
        {
            byte* to = Block(panel, block, columns, width);
            Interleave.Elements(rows + block * Int8SuperActivation.Block, stride, count, 64, to, width);
            Interleave.Elements(rows + sum32 + block * 16, stride, count, 4, to + Sum32(width), width);
            Interleave.Elements(rows + sum16 + block * 32, stride, count, 8, to + Sum16(width), width);
            Interleave.Elements(rows + scale + block * sizeof(float), stride, count, 1, to + Step(width), width);
        }
    }
}
