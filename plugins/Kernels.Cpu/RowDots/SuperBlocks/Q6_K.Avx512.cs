using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q6_K
{
    // The matrix that makes the lowest two bits the top ones.
    private const ulong TopBits = 0x01020000;

    // A block's scales are bytes that need no work: nothing is gained by reading four blocks' together.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Four(byte* block, out Vector512<byte> minimums, out Vector128<int> halves)
    {
        minimums = default;
        halves = FourBlocks.Fours(block + Scale - 2, Bytes);
        return default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Scales(byte* block, Vector512<byte> four, int index) =>
        Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)block + GroupScales)).AsByte().ToVector512Unsafe();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Weights(byte* block, int part)
    {
        int half = part / 2, high = part % 2 * 4;
        Vector512<byte> nibbles = Vector512.Load(block + 64 * half);
        // The 16-bit shift drags in bits of the neighbour, which the mask removes.
        if (high > 0)
            nibbles = (nibbles.AsUInt16() >> 4).AsByte();
        return nibbles & Vector512.Create(0x0f0f0f0f0f0f0f0ful).AsByte() | FourBlocks.Twice(block + Top + 32 * half, TopBits << high, TopBits << high + 2);
    }
}
