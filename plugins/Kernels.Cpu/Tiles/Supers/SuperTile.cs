using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>Eight rows of super-blocks times a vector of activation rows. Sums come in <see cref="SuperSum"/>'s order, so that every product is bitwise the row dot's.</summary>
internal static unsafe class SuperTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TSimd, TInt, TFloat, TBlock>(byte* weights, byte* activations, int blocks, float* sums)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
        where TBlock : struct, ISuperBlock
    {
        int rowFloats = TSimd.Width, laneFloats = Panels.Rows * TSimd.Width;
        float* lanes = stackalloc float[SuperSum.Lanes * laneFloats];
        for (int lane = 0; lane < SuperSum.Lanes; lane++)
        {
            TFloat f0 = default, f1 = default, f2 = default, f3 = default, f4 = default, f5 = default, f6 = default, f7 = default;
            for (int i = lane; i < blocks; i += SuperSum.Lanes, weights += SuperWeights.Bytes, activations += SuperActivations.Bytes(TSimd.Width))
            {
                TInt s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
                byte* w = weights, q = activations, scale = weights + SuperWeights.Scale, end = weights + SuperWeights.RowBytes;
                // A run: as many products of four columns as 16 bits can hold the sum of. All its columns have one scale.
                for (int runs = 0; w < end;)
                {
                    TInt y = TSimd.Load(q), z = TSimd.Load(q + sizeof(int) * TSimd.Width);
                    TInt t0 = Two<TSimd, TInt, TFloat>(w + 0 * SuperWeights.RowBytes, y, z);
                    TInt t1 = Two<TSimd, TInt, TFloat>(w + 1 * SuperWeights.RowBytes, y, z);
                    TInt t2 = Two<TSimd, TInt, TFloat>(w + 2 * SuperWeights.RowBytes, y, z);
                    TInt t3 = Two<TSimd, TInt, TFloat>(w + 3 * SuperWeights.RowBytes, y, z);
                    TInt t4 = Two<TSimd, TInt, TFloat>(w + 4 * SuperWeights.RowBytes, y, z);
                    TInt t5 = Two<TSimd, TInt, TFloat>(w + 5 * SuperWeights.RowBytes, y, z);
                    TInt t6 = Two<TSimd, TInt, TFloat>(w + 6 * SuperWeights.RowBytes, y, z);
                    TInt t7 = Two<TSimd, TInt, TFloat>(w + 7 * SuperWeights.RowBytes, y, z);
                    w += 8;
                    q += 2 * sizeof(int) * TSimd.Width;
                    for (int left = TBlock.Run - 2; left > 0; left -= 2, w += 8, q += 2 * sizeof(int) * TSimd.Width)
                    {
                        y = TSimd.Load(q);
                        z = TSimd.Load(q + sizeof(int) * TSimd.Width);
                        t0 = TSimd.AddShorts(t0, Two<TSimd, TInt, TFloat>(w + 0 * SuperWeights.RowBytes, y, z));
                        t1 = TSimd.AddShorts(t1, Two<TSimd, TInt, TFloat>(w + 1 * SuperWeights.RowBytes, y, z));
                        t2 = TSimd.AddShorts(t2, Two<TSimd, TInt, TFloat>(w + 2 * SuperWeights.RowBytes, y, z));
                        t3 = TSimd.AddShorts(t3, Two<TSimd, TInt, TFloat>(w + 3 * SuperWeights.RowBytes, y, z));
                        t4 = TSimd.AddShorts(t4, Two<TSimd, TInt, TFloat>(w + 4 * SuperWeights.RowBytes, y, z));
                        t5 = TSimd.AddShorts(t5, Two<TSimd, TInt, TFloat>(w + 5 * SuperWeights.RowBytes, y, z));
                        t6 = TSimd.AddShorts(t6, Two<TSimd, TInt, TFloat>(w + 6 * SuperWeights.RowBytes, y, z));
                        t7 = TSimd.AddShorts(t7, Two<TSimd, TInt, TFloat>(w + 7 * SuperWeights.RowBytes, y, z));
                    }
                    s0 = TSimd.Add(s0, TSimd.ShortDot(t0, TSimd.Broadcast(scale + 0 * SuperWeights.RowScales)));
                    s1 = TSimd.Add(s1, TSimd.ShortDot(t1, TSimd.Broadcast(scale + 1 * SuperWeights.RowScales)));
                    s2 = TSimd.Add(s2, TSimd.ShortDot(t2, TSimd.Broadcast(scale + 2 * SuperWeights.RowScales)));
                    s3 = TSimd.Add(s3, TSimd.ShortDot(t3, TSimd.Broadcast(scale + 3 * SuperWeights.RowScales)));
                    s4 = TSimd.Add(s4, TSimd.ShortDot(t4, TSimd.Broadcast(scale + 4 * SuperWeights.RowScales)));
                    s5 = TSimd.Add(s5, TSimd.ShortDot(t5, TSimd.Broadcast(scale + 5 * SuperWeights.RowScales)));
                    s6 = TSimd.Add(s6, TSimd.ShortDot(t6, TSimd.Broadcast(scale + 6 * SuperWeights.RowScales)));
                    s7 = TSimd.Add(s7, TSimd.ShortDot(t7, TSimd.Broadcast(scale + 7 * SuperWeights.RowScales)));
                    runs += TBlock.Run;
                    if (runs == TBlock.Group / sizeof(int))
                    {
                        scale += sizeof(int);
                        runs = 0;
                    }
                }
                TFloat step = TSimd.Load((float*)(activations + SuperActivations.Step(TSimd.Width)));
                byte* pairs = activations + (TBlock.Group == 32 ? SuperActivations.Sum32(TSimd.Width) : SuperActivations.Sum16(TSimd.Width));
                f0 = Finish<TSimd, TInt, TFloat, TBlock>(f0, s0, weights, 0, pairs, step);
                f1 = Finish<TSimd, TInt, TFloat, TBlock>(f1, s1, weights, 1, pairs, step);
                f2 = Finish<TSimd, TInt, TFloat, TBlock>(f2, s2, weights, 2, pairs, step);
                f3 = Finish<TSimd, TInt, TFloat, TBlock>(f3, s3, weights, 3, pairs, step);
                f4 = Finish<TSimd, TInt, TFloat, TBlock>(f4, s4, weights, 4, pairs, step);
                f5 = Finish<TSimd, TInt, TFloat, TBlock>(f5, s5, weights, 5, pairs, step);
                f6 = Finish<TSimd, TInt, TFloat, TBlock>(f6, s6, weights, 6, pairs, step);
                f7 = Finish<TSimd, TInt, TFloat, TBlock>(f7, s7, weights, 7, pairs, step);
            }
            float* sum = lanes + lane * laneFloats;
            TSimd.Store(f0, sum + 0 * rowFloats);
            TSimd.Store(f1, sum + 1 * rowFloats);
            TSimd.Store(f2, sum + 2 * rowFloats);
            TSimd.Store(f3, sum + 3 * rowFloats);
            TSimd.Store(f4, sum + 4 * rowFloats);
            TSimd.Store(f5, sum + 5 * rowFloats);
            TSimd.Store(f6, sum + 6 * rowFloats);
            TSimd.Store(f7, sum + 7 * rowFloats);
        }
        for (int i = 0; i < laneFloats; i += rowFloats)
            TSimd.Store(
                TSimd.Add(
                    TSimd.Add(TSimd.Load(lanes + i), TSimd.Load(lanes + i + 2 * laneFloats)),
                    TSimd.Add(TSimd.Load(lanes + i + laneFloats), TSimd.Load(lanes + i + 3 * laneFloats))),
                sums + i);
    }

    /// <summary>The products of eight columns, in 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TInt Two<TSimd, TInt, TFloat>(byte* w, TInt y, TInt z)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct =>
        TSimd.AddShorts(TSimd.ByteDot(TSimd.Broadcast(w), y), TSimd.ByteDot(TSimd.Broadcast(w + 4), z));

    /// <summary>Adds a block's integer and its offsets times their scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Finish<TSimd, TInt, TFloat, TBlock>(TFloat sum, TInt products, byte* weights, int row, byte* pairs, TFloat step)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
        where TBlock : struct, ISuperBlock
    {
        byte* offset = weights + SuperWeights.Offset + row * SuperWeights.RowOffsets;
        TInt offsets = TSimd.ShortDot(TSimd.Broadcast(offset), TSimd.Load(pairs));
        for (int i = 1; i < 128 / TBlock.Group; i++)
            offsets = TSimd.Add(offsets, TSimd.ShortDot(TSimd.Broadcast(offset + i * sizeof(int)), TSimd.Load(pairs + i * sizeof(int) * TSimd.Width)));
        float* scale = (float*)(weights + SuperWeights.Step) + row;
        if (!TBlock.HasMinimums)
            return TSimd.MultiplyAdd(TSimd.ToFloat(TSimd.Add(products, offsets)), TSimd.Multiply(TSimd.Broadcast(scale), step), sum);
        sum = TSimd.MultiplyAdd(TSimd.ToFloat(products), TSimd.Multiply(TSimd.Broadcast(scale), step), sum);
        return TSimd.MultiplySubtract(TSimd.ToFloat(offsets), TSimd.Multiply(TSimd.Broadcast(scale + Panels.Rows), step), sum);
    }
}
