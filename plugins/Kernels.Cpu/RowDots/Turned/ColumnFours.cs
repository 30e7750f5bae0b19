using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>Four columns of eight rows, and the activations that meet them. Signed weights whose products are of unsigned bytes give their signs to the activations, which are never -128. Needs AVX2.</summary>
internal static unsafe class ColumnFours
{
    /// <summary>Four activations, for each of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Four(byte* q) => Vector256.Create(*(int*)q).AsSByte();

    /// <summary>Weights without their signs, and these where <paramref name="signs"/> points to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Magnitude(Vector256<byte> weights, byte* signs)
    {
        weights.StoreAligned(signs);
        return X86.Avx2.Abs(weights.AsSByte());
    }

    /// <summary>Four activations with each weight's sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Sign(byte* q, byte* signs) => X86.Avx2.Sign(Four(q), Vector256.LoadAligned((sbyte*)signs));
}
