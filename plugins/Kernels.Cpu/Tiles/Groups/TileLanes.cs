using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>How the sums of a tile's lanes come together.</summary>
internal static unsafe class TileLanes
{
    /// <summary>Adds the lanes up in <see cref="GroupSum"/>'s order.</summary>
    /// <param name="lanes">lanes[lane][row][activation row].</param>
    /// <param name="sums">Takes a vector for each row.</param>
    /// <param name="width">Floats from one row's sums to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fold<TSimd, TInt, TFloat>(float* lanes, float* sums, int width)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        int laneFloats = Panels.Rows * TSimd.Width;
        for (int row = 0; row < Panels.Rows; row++, lanes += TSimd.Width, sums += width)
            TSimd.Store(
                TSimd.Add(
                    TSimd.Add(Pair<TSimd, TInt, TFloat>(lanes, laneFloats), Pair<TSimd, TInt, TFloat>(lanes + 2 * laneFloats, laneFloats)),
                    TSimd.Add(Pair<TSimd, TInt, TFloat>(lanes + laneFloats, laneFloats), Pair<TSimd, TInt, TFloat>(lanes + 3 * laneFloats, laneFloats))),
                sums);
    }

    /// <summary>The sum of a lane and the fourth one after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Pair<TSimd, TInt, TFloat>(float* lane, int laneFloats)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct =>
        TSimd.Add(TSimd.Load(lane), TSimd.Load(lane + 4 * laneFloats));
}
