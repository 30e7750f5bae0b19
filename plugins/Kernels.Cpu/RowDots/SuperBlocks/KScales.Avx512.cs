using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class KScales
{
    /// <summary>Of four blocks, a quarter of the vector for each, the eight scales, then the eight minimums.</summary>
    /// <param name="block">The first block.</param>
    /// <param name="bytes">Bytes from one to the next.</param>
    /// <param name="minimums">The same vector.</param>
    /// <param name="halves">What stands before the scales: both halves of each block.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Four(byte* block, int bytes, out Vector512<byte> minimums, out Vector128<int> halves)
    {
        Vector512<int> heads = FourBlocks.Sixteens(block, bytes);
        halves = FourBlocks.Firsts(heads);
        // Bytes 0–3 of the scales, or 4–7, and 8–11 behind them; then of each the low six or four bits, and the top two of 0–3 or 4–7.
        const ulong scaleBytes = 0x0f0e0d0c07060504, minimumBytes = 0x0f0e0d0c0b0a0908, scaleBits = 0x3830282018100800, minimumBits = 0x3c342c2418100800, topBits = 0x1a120a0200000000;
        Vector512<ulong> turned = Avx512BW.Shuffle(heads.AsByte(), Vector512.Create(scaleBytes, minimumBytes, scaleBytes, minimumBytes, scaleBytes, minimumBytes, scaleBytes, minimumBytes).AsByte()).AsUInt64();
        Vector512<byte> low = Avx512Vbmi.MultiShift(Vector512.Create(scaleBits, minimumBits, scaleBits, minimumBits, scaleBits, minimumBits, scaleBits, minimumBits).AsByte(), turned);
        Vector512<byte> top = Avx512Vbmi.MultiShift(Vector512.Create(topBits).AsByte(), turned);
        return minimums = low & Vector512.Create(0x0f0f0f0f3f3f3f3ful).AsByte() | top & Vector512.Create(0x3030303000000000ul).AsByte();
    }
}
