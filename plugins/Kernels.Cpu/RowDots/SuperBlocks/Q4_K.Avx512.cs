using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q4_K
{
    /// <summary>Of 64 columns: their nibbles are in the same 32 bytes, which a matrix of bits for each half of the vector takes apart in one instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Weights(byte* block, int pair)
    {
        const ulong low = 0x0102040800000000, high = 0x1020408000000000;
        Vector512<byte> twice = Avx512DQ.BroadcastVector256ToVector512((int*)(block + Quants + 32 * pair)).AsByte();
        return Gfni.V512.GaloisFieldAffineTransform(twice, Vector512.Create(low, low, low, low, high, high, high, high).AsByte(), 0);
    }
}
