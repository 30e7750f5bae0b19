using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class KScales
{
    /// <summary>All of a block, in the lower halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void All(byte* block, out Vector128<sbyte> scales, out Vector128<byte> minimums)
    {
        Read(block, out ulong scaleBytes, out ulong minimumBytes);
        scales = Vector128.CreateScalar(scaleBytes).AsSByte();
        minimums = Vector128.CreateScalar(minimumBytes).AsByte();
    }
}
