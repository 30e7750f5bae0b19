using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>Four numbers of 16 bits as integers.</summary>
internal static unsafe class FourShorts
{
    /// <summary>From any address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* address) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(address)).AsUInt16()).AsInt32();
}
