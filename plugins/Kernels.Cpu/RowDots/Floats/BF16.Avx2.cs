using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal readonly unsafe partial struct BF16
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(byte* address) => (Avx2.ConvertToVector256Int32(Vector128.Load((ushort*)address)) << 16).AsSingle();
}
