using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>
/// 32 columns of 8 or 16 rows of <see cref="Int8Activation"/>, interleaved:
/// <code>
/// sbyte q[8][width][4]
/// int   negatedSum[width] −Σq
/// float step[width]       the scale
/// float sum[width]        scale · Σq
/// </code>
/// </summary>
internal static unsafe partial class GroupActivations
{
    /// <summary>Where the negated sums start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NegatedSum(int width) => 32 * width;

    /// <summary>Where the scales start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Step(int width) => 36 * width;

    /// <summary>Where the scaled sums start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(int width) => 40 * width;

    /// <summary>Bytes of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int width) => 44 * width;

    /// <summary>Interleaves a part of the groups of prepared rows.</summary>
    public static void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int part, int parts)
    {
        int groups = columns / Int8Activation.Group;
        int negated = Int8Activation.NegatedSumOffset(columns), scale = Int8Activation.ScaleOffset(columns), sum = Int8Activation.SumOffset(columns);
        for (int group = groups * part / parts; group < groups * (part + 1) / parts; group++)
        {
            byte* to = Group(panel, group, columns, width);
            Interleave.Elements(rows + group * Int8Activation.Group, stride, count, 8, to, width);
            Interleave.Elements(rows + scale + group * sizeof(float), stride, count, 1, to + Step(width), width);
            Interleave.Elements(rows + sum + group * sizeof(float), stride, count, 1, to + Sum(width), width);
            Interleave.Elements(rows + negated + group * sizeof(int), stride, count, 1, to + NegatedSum(width), width);
        }
    }
}
