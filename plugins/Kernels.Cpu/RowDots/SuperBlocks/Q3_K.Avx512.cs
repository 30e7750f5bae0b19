using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q3_K
{
    // The matrix that makes the lowest bit the third.
    private const ulong ThirdBit = 0x010000000000;

    // A block's last sixteen bytes: two of weights, eight of nibbles, four of top bits, two of the scale.
    private const int Tail = 94;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Four(byte* block, out Vector512<byte> minimums, out Vector128<int> halves)
    {
        // Where in 64 bits the top bits of scales 0–7 and 8–15 begin, four bits before: they come out at bits 4 and 5.
        const ulong nibbleBytes = 0x0908070605040302, topBytes = 0x0d0c0b0a0d0c0b0a, first = 0x160e063e140c043c, second = 0x1a120a0218100800;
        const ulong low = FourBlocks.LowNibble, high = FourBlocks.HighNibble;
        Vector512<int> tails = FourBlocks.Sixteens(block + Tail, Bytes);
        Vector512<byte> nibbles = Avx512BW.Shuffle(tails.AsByte(), Vector512.Create(nibbleBytes).AsByte());
        nibbles = Gfni.V512.GaloisFieldAffineTransform(nibbles, Vector512.Create(low, high, low, high, low, high, low, high).AsByte(), 0);
        Vector512<ulong> top = Avx512BW.Shuffle(tails.AsByte(), Vector512.Create(topBytes).AsByte()).AsUInt64();
        Vector512<byte> two = Avx512Vbmi.MultiShift(Vector512.Create(first, second, first, second, first, second, first, second).AsByte(), top);
        minimums = default;
        halves = FourBlocks.Lasts(tails);
        return (two & Vector512.Create(0x3030303030303030ul).AsByte() | nibbles) - Vector512.Create(0x2020202020202020ul).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Scales(byte* block, Vector512<byte> four, int index) =>
        Avx2.ConvertToVector256Int16(FourBlocks.Quarter(four, index).AsSByte()).AsByte().ToVector512Unsafe();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Weights(byte* block, int part) =>
        FourBlocks.Twice(block + Quants + part / 2 * 32, FourBlocks.TwoBits << part % 2 * 4, FourBlocks.TwoBits << part % 2 * 4 + 2)
        | FourBlocks.Twice(block, ThirdBit << 2 * part, ThirdBit << 2 * part + 1);
}
