using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>scale · (q − zero), where the zero point is 8, or a nibble of a word of its own for each scale.</summary>
internal readonly unsafe struct PackedNibbles : INibbleType
{
    private const int Middle = 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values(Vector256<byte> nibbles) => nibbles;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(in NibbleRow row, int group, out Vector256<float> scales, out Vector256<float> minimums)
    {
        scales = row.Eight(row.Scales, group);
        if (row.Others == null)
        {
            minimums = -(scales * Vector256.Create((float)Middle));
            return;
        }
        Vector256<float> zeros = row.Times >= 8
            ? Vector256.Create(Zero(row, group))
            : Vector256.Create(Zero(row, group), Zero(row, group + 1), Zero(row, group + 2), Zero(row, group + 3), Zero(row, group + 4), Zero(row, group + 5), Zero(row, group + 6), Zero(row, group + 7));
        minimums = -(scales * zeros);
    }

    public static void One(in NibbleRow row, int group, out float scale, out float minimum)
    {
        scale = row.One(row.Scales, group);
        minimum = -(scale * (row.Others == null ? Middle : Zero(row, group)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Zero(in NibbleRow row, int group) => Unsafe.ReadUnaligned<int>((int*)row.Others + group / row.Times) >> row.Shift & 15;
}
