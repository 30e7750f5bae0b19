using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>What a group of 32 columns adds to the sums of rows.</summary>
/// <param name="step">The activations' scale.</param>
/// <param name="sum">Their scaled sum.</param>
/// <param name="scales">The rows' scales.</param>
/// <param name="minimums">Their negated minimums.</param>
/// <param name="sums">Their sums so far.</param>
internal readonly unsafe struct TransposedGroup(float step, float sum, float* scales, float* minimums, float* sums)
{
    private readonly Vector256<float> _step = Vector256.Create(step), _sum = Vector256.Create(sum);
    private readonly float* _scales = scales;
    private readonly float* _minimums = minimums;
    private readonly float* _sums = sums;

    /// <summary>Adds the products of eight rows, which are pairs of shorts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int row, Vector256<short> products) => Add(row, Avx2.MultiplyAddAdjacent(products, Vector256.Create((short)1)));

    /// <summary>Adds the products of sixteen rows, which are sums of two shorts.</summary>
    /// <param name="row">The first of those rows whose shorts are the first four of a vector's half.</param>
    /// <param name="apart">How far from it the first of the others is.</param>
    /// <param name="first">Some columns' sums.</param>
    /// <param name="second">The other columns'.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int row, int apart, Vector256<short> first, Vector256<short> second)
    {
        Add(row, Avx2.UnpackLow(first, second));
        Add(row + apart, Avx2.UnpackHigh(first, second));
    }

    /// <summary>Adds the products of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int row, Vector256<int> products)
    {
        Vector256<float> dots = Vector256.ConvertToSingle(products);
        Vector256<float> sum = Fma.MultiplyAdd(dots, Vector256.Load(_scales + row) * _step, Vector256.Load(_sums + row));
        Fma.MultiplyAdd(Vector256.Load(_minimums + row), _sum, sum).Store(_sums + row);
    }

    /// <summary>Eight rows' sums over all lanes, in the order of <see cref="GroupSum"/>.</summary>
    /// <param name="sums">The rows' sums in the first lane.</param>
    /// <param name="width">Floats from a lane to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Total(float* sums, int width) =>
        (Pair(sums, width) + Pair(sums + 2 * width, width)) + (Pair(sums + width, width) + Pair(sums + 3 * width, width));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* lane, int width) => Vector256.Load(lane) + Vector256.Load(lane + 4 * width);
}
