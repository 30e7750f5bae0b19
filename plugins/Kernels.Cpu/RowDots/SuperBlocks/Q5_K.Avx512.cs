using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q5_K
{
    // The matrix that makes the lowest bit the fifth.
    private const ulong FifthBit = 0x01000000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Four(byte* block, out Vector512<byte> minimums, out Vector128<int> halves) => KScales.Four(block, Bytes, out minimums, out halves);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Scales(byte* block, Vector512<byte> four, int index) => FourBlocks.Quarter(four, index).ToVector256().ToVector512();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Weights(byte* block, int part) =>
        FourBlocks.Twice(block + Quants + 32 * part, FourBlocks.LowNibble, FourBlocks.HighNibble)
        | FourBlocks.Twice(block + Fifth, FifthBit << 2 * part, FifthBit << 2 * part + 1);
}
