using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q2_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Four(byte* block, out Vector512<byte> minimums, out Vector128<int> halves)
    {
        Vector512<byte> both = FourBlocks.Sixteens(block, Bytes).AsByte(), nibble = Vector512.Create(0x0f0f0f0f0f0f0f0ful).AsByte();
        minimums = (both.AsUInt16() >> 4).AsByte() & nibble;
        halves = FourBlocks.Fours(block + Scale, Bytes);
        return both & nibble;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Scales(byte* block, Vector512<byte> four, int index) => FourBlocks.Quarter(four, index).ToVector256().ToVector512();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Weights(byte* block, int part) =>
        FourBlocks.Twice(block + Quants + part / 2 * 32, FourBlocks.TwoBits << part % 2 * 4, FourBlocks.TwoBits << part % 2 * 4 + 2);
}
