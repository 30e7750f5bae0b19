using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>Sixteen sums, or a factor, of each of one to four query heads, in registers. AVX-512.</summary>
internal unsafe struct HeadSums<THeads>
    where THeads : struct, ICount
{
    // Four fields at most: the compiler keeps no more of a struct in registers.
    private Vector512<float> _a, _b, _c, _d;

    /// <summary>One float of each head in all lanes.</summary>
    /// <param name="first">The first head's.</param>
    /// <param name="stride">Floats to the next head's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HeadSums<THeads> Broadcast(float* first, nint stride)
    {
        HeadSums<THeads> all = default;
        all._a = Vector512.Create(*first);
        if (THeads.Count > 1)
            all._b = Vector512.Create(first[stride]);
        if (THeads.Count > 2)
            all._c = Vector512.Create(first[2 * stride]);
        if (THeads.Count > 3)
            all._d = Vector512.Create(first[3 * stride]);
        return all;
    }

    /// <summary>Sixteen floats of each head.</summary>
    /// <param name="first">The first head's.</param>
    /// <param name="stride">Floats to the next head's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* first, nint stride)
    {
        _a = Vector512.Load(first);
        if (THeads.Count > 1)
            _b = Vector512.Load(first + stride);
        if (THeads.Count > 2)
            _c = Vector512.Load(first + 2 * stride);
        if (THeads.Count > 3)
            _d = Vector512.Load(first + 3 * stride);
    }

    /// <summary>Adds a vector times each head's factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<float> vector, HeadSums<THeads> factors)
    {
        _a = Avx512F.FusedMultiplyAdd(factors._a, vector, _a);
        if (THeads.Count > 1)
            _b = Avx512F.FusedMultiplyAdd(factors._b, vector, _b);
        if (THeads.Count > 2)
            _c = Avx512F.FusedMultiplyAdd(factors._c, vector, _c);
        if (THeads.Count > 3)
            _d = Avx512F.FusedMultiplyAdd(factors._d, vector, _d);
    }

    /// <summary>Adds other sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(HeadSums<THeads> other)
    {
        _a += other._a;
        if (THeads.Count > 1)
            _b += other._b;
        if (THeads.Count > 2)
            _c += other._c;
        if (THeads.Count > 3)
            _d += other._d;
    }

    /// <inheritdoc cref="Load"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* first, nint stride)
    {
        _a.Store(first);
        if (THeads.Count > 1)
            _b.Store(first + stride);
        if (THeads.Count > 2)
            _c.Store(first + 2 * stride);
        if (THeads.Count > 3)
            _d.Store(first + 3 * stride);
    }
}
