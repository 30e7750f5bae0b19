using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>Dot products of four unsigned with four signed bytes, added to eight integers; a type argument, so that the call vanishes.</summary>
internal interface IByteDot
{
    /// <summary>What it needs, for people to read.</summary>
    static abstract string Name { get; }

    /// <summary>sum[i] + Σ unsigned[4i + k] · signed[4i + k]. Pairs of products must fit 16 bits: unsigned values up to 128.</summary>
    static abstract Vector256<int> Add(Vector256<int> sum, Vector256<byte> unsigned, Vector256<sbyte> signed);
}

/// <summary>With AVX2's two steps by way of 16 bits.</summary>
internal readonly struct PairDot : IByteDot
{
    public static string Name => "avx2";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> unsigned, Vector256<sbyte> signed) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(unsigned, signed), Vector256.Create((short)1));
}

/// <summary>With the one instruction of AVX-VNNI.</summary>
internal readonly struct VnniDot : IByteDot
{
    public static string Name => "avx2-vnni";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> unsigned, Vector256<sbyte> signed) =>
        AvxVnni.MultiplyWideningAndAdd(sum, unsigned, signed);
}
