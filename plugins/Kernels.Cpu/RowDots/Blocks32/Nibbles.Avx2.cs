using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal static unsafe partial class Nibbles
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> All(byte* packed)
    {
        Vector128<byte> bytes = Vector128.Load(packed);
        return Vector256.Create(bytes, (bytes.AsUInt16() >> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>16 where the bit of the column is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits(byte* bits) => BitMask.Of(Unsafe.ReadUnaligned<uint>(bits)) & Vector256.Create((byte)16);
}
