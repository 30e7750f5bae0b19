using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>
/// What rounding an activation row to bytes leaves of the groups of columns with the largest scales, rounded to bytes once more. Rounding errors grow with the scale, and a few outliers give few groups most of a row's:
/// with a second byte for one of 18 groups the divergence of the real small model's predictions falls to less than the half (bench/README.md). Behind a prepared row, 64-byte aligned:
/// <code>
/// int group[16]    which groups, in rising order; those in use
/// row[most]        a prepared row of a group's columns for each
/// </code>
/// </summary>
internal static unsafe class RefinedActivation
{
    /// <summary>The most groups.</summary>
    public const int Most = 4;

    /// <summary>Bytes of the groups' numbers.</summary>
    public const int HeadBytes = 64;

    /// <summary>Bytes of a row of one group, prepared.</summary>
    public static int RowBytes(bool super) => super ? Align(Int8SuperActivation.Bytes(Int8SuperActivation.Block)) : Align(Int8Activation.Bytes(Int8Activation.Group));

    /// <summary>Where the section starts behind a row.</summary>
    public static int Offset(bool super, int columns) => Align(super ? Int8SuperActivation.Bytes(columns) : Int8Activation.Bytes(columns));

    /// <summary>Where its rows start in it.</summary>
    public static int RowsOffset => HeadBytes;

    /// <summary>Bytes of the section.</summary>
    public static int Bytes(bool super, int groups) => HeadBytes + groups * RowBytes(super);

    /// <summary>Writes the section of a prepared row; every instruction set gives the same bytes.</summary>
    /// <param name="x">The activations.</param>
    /// <param name="columns">Their number.</param>
    /// <param name="destination">The prepared row; its section follows.</param>
    /// <param name="super">Whether its groups are the 256 columns of <see cref="Int8SuperActivation"/>; else the 32 of <see cref="Int8Activation"/>.</param>
    /// <param name="groups">How many groups have a second byte; no more than there are.</param>
    /// <param name="isa">What may be used.</param>
    public static void Prepare(float* x, int columns, byte* destination, bool super, int groups, CpuIsa isa)
    {
        Choose(Scales(columns, destination, super), columns / Width(super), Section(columns, destination, super), groups);
        Round(x, columns, destination, super, groups, isa);
    }

    // What is left of the chosen groups, rounded.
    private static void Round(float* x, int columns, byte* destination, bool super, int groups, CpuIsa isa)
    {
        float* scales = Scales(columns, destination, super), rest = stackalloc float[Int8SuperActivation.Block];
        int* chosen = Section(columns, destination, super);
        int width = Width(super);
        byte* row = (byte*)chosen + HeadBytes;
        for (int i = 0; i < groups; i++, row += RowBytes(super))
        {
            int group = chosen[i];
            Subtract(x + (long)group * width, (sbyte*)destination + group * width, scales[group], width, rest);
            if (super)
                Int8SuperActivation.Prepare(rest, width, row, isa);
            else
                Int8Activation.Prepare(rest, width, row, isa);
        }
    }

    private static int Width(bool super) => super ? Int8SuperActivation.Block : Int8Activation.Group;

    private static float* Scales(int columns, byte* row, bool super) => (float*)(row + (super ? Int8SuperActivation.ScaleOffset(columns) : Int8Activation.ScaleOffset(columns)));

    private static int* Section(int columns, byte* row, bool super) => (int*)(row + Offset(super, columns));

    /// <summary>The groups with the largest scales, the first of equals; in rising order, so that rows with the same outliers have the same groups in the same places.</summary>
    /// <param name="scales">The scales.</param>
    /// <param name="count">Their number.</param>
    /// <param name="chosen"><see cref="HeadBytes"/> long.</param>
    /// <param name="groups">How many are chosen.</param>
    public static void Choose(float* scales, int count, int* chosen, int groups)
    {
        new Span<byte>(chosen, HeadBytes).Clear();
        for (int g = 0; g < count; g++)
        {
            if (g >= groups && !(scales[g] > scales[chosen[groups - 1]]))
                continue;
            int place = Math.Min(g, groups - 1);
            for (; place > 0 && scales[g] > scales[chosen[place - 1]]; place--)
                chosen[place] = chosen[place - 1];
            chosen[place] = g;
        }
        if (groups > 1)
            new Span<int>(chosen, groups).Sort();
    }

    // A group that is not of numbers has no rest: its products are not numbers as it is.
    private static void Subtract(float* x, sbyte* q, float scale, int width, float* rest)
    {
        for (int i = 0; i < width; i++)
            rest[i] = float.IsFinite(scale) ? MathF.FusedMultiplyAdd(-scale, q[i], x[i]) : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Align(int bytes) => (bytes + 63) & ~63;
}
