using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>What a group of 32 columns adds to the sums of rows; machine code reads it as it lies in memory.</summary>
/// <param name="step">The activations' scale.</param>
/// <param name="sum">Their scaled sum.</param>
/// <param name="quants">Their sum as bytes.</param>
/// <param name="scales">The rows' scales.</param>
/// <param name="minimums">Their negated minimums.</param>
/// <param name="sums">Their sums so far.</param>
internal readonly unsafe struct TransposedGroup(float step, float sum, int quants, float* scales, float* minimums, float* sums)
{
    /// <summary>The activations' scale and their scaled sum.</summary>
    public readonly float Step = step, Sum = sum;

    /// <summary>The activations' sum as bytes.</summary>
    public readonly int Quants = quants;

    /// <summary>The rows' scales, their negated minimums and their sums so far.</summary>
    public readonly float* Scales = scales, Minimums = minimums, Sums = sums;

    /// <summary>That of the rows from one on.</summary>
    public TransposedGroup From(int row) => new(Step, Sum, Quants, Scales + row, Minimums + row, Sums + row);

    /// <summary>Eight rows' sums over all lanes, in the order of <see cref="GroupSum"/>.</summary>
    /// <param name="sums">The rows' sums in the first lane.</param>
    /// <param name="width">Floats from a lane to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Total(float* sums, int width) =>
        (Pair(sums, width) + Pair(sums + 2 * width, width)) + (Pair(sums + width, width) + Pair(sums + 3 * width, width));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* lane, int width) => Vector256.Load(lane) + Vector256.Load(lane + 4 * width);
}

/// <summary>A <see cref="TransposedGroup"/> with vectors of one width.</summary>
internal readonly unsafe struct TransposedGroup<TSimd, TInt, TFloat>
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    private readonly TFloat _step, _sum;
    private readonly float* _scales, _minimums, _sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TransposedGroup(in TransposedGroup group)
    {
        float step = group.Step, sum = group.Sum;
        (_step, _sum) = (TSimd.Broadcast(&step), TSimd.Broadcast(&sum));
        _scales = group.Scales;
        _minimums = group.Minimums;
        _sums = group.Sums;
    }

    /// <summary>Adds the products of a vector of rows, which are pairs of shorts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int row, TInt pairs) => Add(row, TSimd.ToFloat(TSimd.AddPairs(pairs)));

    /// <summary>Adds the products of a vector of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int row, TFloat dots)
    {
        TFloat sum = TSimd.MultiplyAdd(dots, TSimd.Multiply(TSimd.Load(_scales + row), _step), TSimd.Load(_sums + row));
        TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(_minimums + row), _sum, sum), _sums + row);
    }
}
