using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Floats as they are.</summary>
internal readonly unsafe partial struct F32 : IFloatWeight
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load1(byte* address) => Unsafe.ReadUnaligned<float>(address);
}
