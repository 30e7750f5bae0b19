using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Tiles.Floats;

/// <summary>Interleaves activation rows: column by column in the lanes' order, each with an element of every row.</summary>
internal static unsafe class FloatActivations
{
    /// <summary>Bytes of a panel.</summary>
    public static long Bytes(int columns, int width) => (long)columns * width * sizeof(float);

    /// <summary>Interleaves a slice of the groups of columns, of which there is one for each lane.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="count">Their number; those that are missing repeat the last.</param>
    /// <param name="columns">Their length; what is no whole group is left out, and no tile reads it.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="width">Its rows.</param>
    /// <param name="lanes">The number of lanes.</param>
    /// <param name="part">The slice's number.</param>
    /// <param name="parts">The number of slices.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int lanes, int part, int parts)
    {
        int groups = columns / lanes, last = count - 1;
        long laneFloats = (long)groups * width;
        for (int group = (int)((long)groups * part / parts), end = (int)((long)groups * (part + 1) / parts); group < end; group++)
            for (int lane = 0; lane < lanes; lane += 8)
                for (int row = 0; row < width; row += 8)
                {
                    byte* from = rows + ((long)group * lanes + lane) * sizeof(float);
                    float* to = (float*)panel + lane * laneFloats + (long)group * width + row;
                    Interleave.Transpose(
                        Row(from, stride, row, last), Row(from, stride, row + 1, last), Row(from, stride, row + 2, last), Row(from, stride, row + 3, last),
                        Row(from, stride, row + 4, last), Row(from, stride, row + 5, last), Row(from, stride, row + 6, last), Row(from, stride, row + 7, last), to, laneFloats);
                }
    }

    /// <summary>Brings values that stand by features, <paramref name="width"/> floats for each column, into the lanes' order: as <see cref="Pack"/> does with their rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Order(float* x, int columns, int width, byte* panel, int lanes)
    {
        int groups = columns / lanes;
        for (int group = 0; group < groups; group++)
            for (int lane = 0; lane < lanes; lane++, x += width)
                for (int row = 0; row < width; row += 8)
                    Vector256.Load(x + row).Store((float*)panel + ((long)lane * groups + group) * width + row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Row(byte* from, long stride, int row, int last) => Vector256.Load((float*)(from + stride * Math.Min(row, last)));
}
