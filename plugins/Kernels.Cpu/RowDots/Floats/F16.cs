using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Half-precision floats.</summary>
internal readonly unsafe partial struct F16 : IFloatWeight
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load1(byte* address) => HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(address));
}
