using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal readonly unsafe partial struct Q5_1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Weights(byte* block) => Nibbles.All(block + 8) | Nibbles.FifthBits(block + 4);
}
