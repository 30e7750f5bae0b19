using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Supers;

namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>
/// The second bytes (<see cref="RefinedActivation"/>) of a panel's rows, kept as the panel is. Behind it, 64-byte aligned:
/// <code>
/// int group[most][16]   which group has a second byte, for each row of the panel; those in use
/// panel[most]           the panel of one group: each row has what is left of its own
/// float scale[groups]   room
/// </code>
/// </summary>
internal static unsafe class RefinedPanel
{
    /// <summary>Bytes of the section.</summary>
    public static long Bytes(bool super, int columns, int width, int groups) => checked(Rows(groups) + groups * BlockBytes(super, width) + (long)columns / Each(super) * sizeof(float));

    /// <summary>Where the section starts behind a panel of so many bytes.</summary>
    public static long Offset(long panelBytes) => (panelBytes + 63) & ~63L;

    /// <summary>The groups of a place, one for each row.</summary>
    public static int* Groups(byte* section, int place) => (int*)section + place * TileKernel.MaxWidth;

    /// <summary>The panel of a place.</summary>
    public static byte* Block(byte* section, bool super, int place, int groups, int width) => section + Rows(groups) + place * BlockBytes(super, width);

    /// <summary>Interleaves a part of the places of rows.</summary>
    /// <param name="sections">The first row's section.</param>
    /// <param name="stride">Bytes from one row's to the next.</param>
    /// <param name="count">Rows that are there; the others repeat the last.</param>
    /// <param name="section">The panel's section.</param>
    /// <param name="width">The panel's width.</param>
    /// <param name="super">Whether its groups are blocks of 256.</param>
    /// <param name="groups">How many groups of each row have a second byte.</param>
    /// <param name="part">The part's number.</param>
    /// <param name="parts">The number of parts.</param>
    public static void Pack(byte* sections, long stride, int count, byte* section, int width, bool super, int groups, int part, int parts)
    {
        for (int place = part; place < groups; place += parts)
        {
            for (int row = 0; row < width; row++)
                Groups(section, place)[row] = ((int*)(sections + Math.Min(row, count - 1) * stride))[place];
            byte* rest = sections + RefinedActivation.RowsOffset + place * RefinedActivation.RowBytes(super);
            if (super)
                SuperActivations.Pack(rest, stride, count, Each(super), Block(section, super, place, groups, width), width, 0, 1);
            else
                GroupActivations.Pack(rest, stride, count, Each(super), Block(section, super, place, groups, width), width, 0, 1);
        }
    }

    /// <summary>Writes the section of values that stand by features: the same bytes. Needs AVX2.</summary>
    /// <param name="x">Feature after feature, each with <paramref name="width"/> rows' elements.</param>
    /// <param name="columns">The features.</param>
    /// <param name="width">The panel's width.</param>
    /// <param name="count">Rows that are there; the others have the last one's groups.</param>
    /// <param name="panel">The rounded panel.</param>
    /// <param name="section">Its section.</param>
    /// <param name="super">Whether its groups are blocks of 256.</param>
    /// <param name="groups">How many groups of each row have a second byte.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Pack(float* x, int columns, int width, int count, byte* panel, byte* section, bool super, int groups)
    {
        int all = columns / Each(super);
        float* scales = (float*)Block(section, super, groups, groups, width), rest = stackalloc float[Int8SuperActivation.Block * TileKernel.MaxWidth];
        int* chosen = stackalloc int[RefinedActivation.HeadBytes / sizeof(int)];
        for (int row = 0; row < width; row++)
        {
            for (int group = 0; group < all && row < count; group++)
                scales[group] = ((float*)(panel + Start(super, group, columns, width) + Step(super, width)))[row];
            if (row < count)
                RefinedActivation.Choose(scales, all, chosen, groups);
            for (int place = 0; place < groups; place++)
                Groups(section, place)[row] = chosen[place];
        }
        for (int place = 0; place < groups; place++)
        {
            for (int row = 0; row < width; row += 8)
                Rest(x, columns, width, row, panel, Groups(section, place) + row, super, rest + row);
            if (super)
                SuperActivations.Round(rest, Each(super), width, Block(section, super, place, groups, width));
            else
                GroupActivations.Round(rest, Each(super), width, Block(section, super, place, groups, width));
        }
    }

    // What eight rows have left of their groups. A group that is not of numbers has no rest.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Rest(float* x, int columns, int width, int row, byte* panel, int* groups, bool super, float* rest)
    {
        int* starts = stackalloc int[8];
        for (int i = 0; i < 8; i++)
            starts[i] = checked((int)(Start(super, groups[i], columns, width) / sizeof(int))) + row + i;
        Vector256<int> four = Vector256.Load(starts), at = Vector256.Load(groups) * (Each(super) * width) + Vector256<int>.Indices + Vector256.Create(row);
        Vector256<float> scale = Avx2.GatherVector256((float*)(panel + Step(super, width)), four, sizeof(float));
        Vector256<float> isFinite = Vector256.LessThanOrEqual(Vector256.Abs(scale), Vector256.Create(float.MaxValue));
        for (int i = 0; i < Each(super); i += 4, four += Vector256.Create(width))
        {
            Vector256<int> q = Avx2.GatherVector256((int*)panel, four, sizeof(int));
            for (int shift = 24; shift >= 0; shift -= 8, at += Vector256.Create(width), rest += width)
                (Vector256.FusedMultiplyAdd(-scale, Vector256.ConvertToSingle(q << shift >> 24), Avx2.GatherVector256(x, at, sizeof(float))) & isFinite).Store(rest);
        }
    }

    private static int Each(bool super) => super ? Int8SuperActivation.Block : Int8Activation.Group;

    private static int Rows(int groups) => groups * TileKernel.MaxWidth * sizeof(int);

    private static int BlockBytes(bool super, int width) => ((super ? SuperActivations.Bytes(width) : GroupActivations.Bytes(width)) + 63) & ~63;

    private static int Step(bool super, int width) => super ? SuperActivations.Step(width) : GroupActivations.Step(width);

    private static long Start(bool super, int group, int columns, int width) => super ? SuperActivations.Block(null, group, columns, width) - (byte*)null : GroupActivations.Group(null, group, columns, width) - (byte*)null;
}
