using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>
/// Eight rows of one group of 32 columns:
/// <code>
/// byte  q[planes][8][32]  one plane of values, or the low nibbles and the high ones apart where 16 bits could not hold the sums
/// float scale[8]
/// float minimum[8]       where 16 columns share a scale, those of the second halves
/// </code>
/// </summary>
internal static class GroupWeights
{
    /// <summary>Bytes of a row's columns.</summary>
    public const int RowBytes = 32;

    /// <summary>Bytes of a plane.</summary>
    public const int PlaneBytes = Panels.Rows * RowBytes;

    /// <summary>Where the scales start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Scale(int planes) => planes * PlaneBytes;

    /// <summary>Bytes of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int planes) => Scale(planes) + 2 * Panels.Rows * sizeof(float);
}
