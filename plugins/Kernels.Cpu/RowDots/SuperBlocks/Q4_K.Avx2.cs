using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q4_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Groups(byte* block, out Vector128<sbyte> scales, out Vector128<byte> minimums) => KScales.All(block, out scales, out minimums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights(byte* block, int half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3) =>
        KNibbles.Half(block + Quants, half, out w0, out w1, out w2, out w3);
}
