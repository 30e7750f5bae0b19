using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Ways in which types keep the scales of a unit.</summary>
internal static unsafe partial class UnitScales
{
    /// <summary>The half at an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Half(byte* at) => HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(at));

    /// <summary>Halves that are some bytes apart; eight are converted together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Halves(byte* first, int stride, int count, float* scales)
    {
        if (count == 8)
        {
            Vector256<int> halves = Vector256.Create(
                Unsafe.ReadUnaligned<ushort>(first), Unsafe.ReadUnaligned<ushort>(first + stride),
                Unsafe.ReadUnaligned<ushort>(first + 2 * stride), Unsafe.ReadUnaligned<ushort>(first + 3 * stride),
                Unsafe.ReadUnaligned<ushort>(first + 4 * stride), Unsafe.ReadUnaligned<ushort>(first + 5 * stride),
                Unsafe.ReadUnaligned<ushort>(first + 6 * stride), (int)Unsafe.ReadUnaligned<ushort>(first + 7 * stride));
            HalfFloat.ToSingle(halves).Store(scales);
            return;
        }
        for (int i = 0; i < count; i++, first += stride)
            scales[i] = Half(first);
    }

    /// <summary>The same scale for each of eight groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Same(float scale, float* scales) => Vector256.Create(scale).Store(scales);
}
