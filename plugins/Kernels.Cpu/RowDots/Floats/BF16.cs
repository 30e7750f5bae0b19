using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>The upper halves of floats.</summary>
internal readonly unsafe partial struct BF16 : IFloatWeight
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load1(byte* address) => BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(address) << 16);
}
