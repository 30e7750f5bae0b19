using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal readonly unsafe partial struct F16
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* address) => Halves.Widen16((ushort*)address);
}
