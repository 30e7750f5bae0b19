using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Floats;

/// <summary>Products of eight rows of floats with interleaved activation rows, bit for bit the row dots'.</summary>
internal static unsafe class FloatTile
{
    /// <summary>Multiplies a panel.</summary>
    /// <param name="weights">[lane][group][8 rows].</param>
    /// <param name="activations">[lane][group][activation row].</param>
    /// <param name="groups">Columns of a lane.</param>
    /// <param name="lanes">The number of lanes.</param>
    /// <param name="sums">sums[row · width + activation row].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Multiply<TSimd, TInt, TFloat>(float* weights, float* activations, int groups, int lanes, float* sums)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        int width = TSimd.Width, laneFloats = Panels.Rows * width;
        float* parts = stackalloc float[FloatLanes.Most * Panels.Rows * TileKernel.MaxWidth];
        float* part = parts;
        for (int lane = 0; lane < lanes; lane++, part += laneFloats)
        {
            TFloat f0 = default, f1 = default, f2 = default, f3 = default, f4 = default, f5 = default, f6 = default, f7 = default;
            for (int group = 0; group < groups; group++, weights += Panels.Rows, activations += width)
            {
                TFloat x = TSimd.Load(activations);
                f0 = TSimd.MultiplyAdd(TSimd.Broadcast(weights), x, f0);
                f1 = TSimd.MultiplyAdd(TSimd.Broadcast(weights + 1), x, f1);
                f2 = TSimd.MultiplyAdd(TSimd.Broadcast(weights + 2), x, f2);
                f3 = TSimd.MultiplyAdd(TSimd.Broadcast(weights + 3), x, f3);
                f4 = TSimd.MultiplyAdd(TSimd.Broadcast(weights + 4), x, f4);
                f5 = TSimd.MultiplyAdd(TSimd.Broadcast(weights + 5), x, f5);
                f6 = TSimd.MultiplyAdd(TSimd.Broadcast(weights + 6), x, f6);
                f7 = TSimd.MultiplyAdd(TSimd.Broadcast(weights + 7), x, f7);
            }
            TSimd.Store(f0, part);
            TSimd.Store(f1, part + width);
            TSimd.Store(f2, part + 2 * width);
            TSimd.Store(f3, part + 3 * width);
            TSimd.Store(f4, part + 4 * width);
            TSimd.Store(f5, part + 5 * width);
            TSimd.Store(f6, part + 6 * width);
            TSimd.Store(f7, part + 7 * width);
        }
        Fold<TSimd, TInt, TFloat>(parts, lanes, laneFloats);
        for (int i = 0; i < laneFloats; i += width)
            TSimd.Store(TSimd.Load(parts + i), sums + i);
    }

    // As a row dot adds its four vectors up, and then the lanes of the sum: neighbours, neighbours of these, and so on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fold<TSimd, TInt, TFloat>(float* parts, int lanes, int laneFloats)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        int quarter = lanes / 4 * laneFloats;
        for (int i = 0; i < quarter; i += TSimd.Width)
            TSimd.Store(TSimd.Add(
                TSimd.Add(TSimd.Load(parts + i), TSimd.Load(parts + i + quarter)),
                TSimd.Add(TSimd.Load(parts + i + 2 * quarter), TSimd.Load(parts + i + 3 * quarter))), parts + i);
        for (int left = lanes / 8; left > 0; left /= 2)
            for (int lane = 0; lane < left; lane++)
                for (int i = 0; i < laneFloats; i += TSimd.Width)
                    TSimd.Store(TSimd.Add(TSimd.Load(parts + 2 * lane * laneFloats + i), TSimd.Load(parts + (2 * lane + 1) * laneFloats + i)), parts + lane * laneFloats + i);
    }
}
