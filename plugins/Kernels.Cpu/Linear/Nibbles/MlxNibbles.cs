using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>scale · q + bias.</summary>
internal readonly unsafe struct MlxNibbles : INibbleType
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values(Vector256<byte> nibbles) => nibbles;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(in NibbleRow row, int group, out Vector256<float> scales, out Vector256<float> minimums) =>
        (scales, minimums) = (row.Eight(row.Scales, group), row.Eight(row.Others, group));

    public static void One(in NibbleRow row, int group, out float scale, out float minimum) =>
        (scale, minimum) = (row.One(row.Scales, group), row.One(row.Others, group));
}
