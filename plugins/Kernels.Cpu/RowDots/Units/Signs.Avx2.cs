using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal static partial class Signs
{
    /// <summary>Negates what is marked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Apply(Vector256<byte> magnitudes, uint signs)
    {
        Vector256<byte> mask = BitMask.Of(signs);
        return ((magnitudes ^ mask) - mask).AsSByte();
    }
}
