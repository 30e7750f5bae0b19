using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal readonly unsafe partial struct FiniteF16
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* address) => Halves.WidenFinite16((ushort*)address);
}
