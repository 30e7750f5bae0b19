using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal readonly unsafe partial struct BF16
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* address) => (Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)address)) << 16).AsSingle();
}
