using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal static unsafe partial class Nibbles
{
    /// <summary>The first and the second 16, each as it is and less a zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* packed, sbyte zero, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        Vector128<byte> bytes = Vector128.Load(packed);
        low = (bytes & Vector128.Create((byte)15)).AsSByte() - Vector128.Create(zero);
        high = (bytes >>> 4).AsSByte() - Vector128.Create(zero);
    }

    /// <summary>16 where the bit of a column is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FifthBits(byte* bits, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        low = Sixteen(bits);
        high = Sixteen(bits + 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Sixteen(byte* bits)
    {
        Vector128<byte> select = Vector128.Create(0x8040201008040201).AsByte();
        Vector128<byte> spread = Vector128.Create(Vector64.Create(bits[0]), Vector64.Create(bits[1]));
        return (Vector128.Equals(spread & select, select) & Vector128.Create((byte)16)).AsSByte();
    }
}
