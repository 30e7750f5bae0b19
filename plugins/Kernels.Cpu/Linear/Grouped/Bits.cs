using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Products of some bits of each byte.</summary>
internal static unsafe class Bits
{
    /// <summary>With a vector of activations, neighbours added in 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Pairs(Vector256<uint> bytes, byte bits, sbyte* x, int vector) =>
        Avx2.MultiplyAddAdjacent(bytes.AsByte() & Vector256.Create(bits), Vector256.Load(x + vector * Vector256<sbyte>.Count));

    /// <summary>The sums of neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sum(Vector256<short> pairs) => Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));

    /// <summary>Added to sums in 32 bits. Needs AVX-VNNI.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<uint> bytes, byte bits, sbyte* x, int vector) =>
        AvxVnni.MultiplyWideningAndAdd(sum, bytes.AsByte() & Vector256.Create(bits), Vector256.Load(x + vector * Vector256<sbyte>.Count));
}
