using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>Eight rows of groups of 32 columns times a vector of activation rows. Sums come in <see cref="GroupSum"/>'s order, so that every product is bitwise the row dot's.</summary>
internal static unsafe class GroupTile
{
    /// <summary>Whether a type goes by <see cref="GroupVnniTile"/>, in one plane.</summary>
    public static bool TakesVnni<TType>(CpuIsa isa)
        where TType : struct, IGroupTileType =>
        isa.AvxVnni && (TType.Planes > 1 || !isa.Avx512);

    /// <summary>sums[row · width + activation row] of a panel.</summary>
    public static void Multiply<TType>(byte* weights, byte* activations, int groups, int width, float* sums, bool vnni)
        where TType : struct, IGroupTileType
    {
        if (vnni)
            GroupVnniTile.Multiply<TType>(weights, activations, groups, width, sums);
        else if (width == Simd512.Width)
            Multiply<Simd512, Vector512<int>, Vector512<float>, TType>(weights, activations, groups, sums);
        else
            Multiply<Simd256, Vector256<int>, Vector256<float>, TType>(weights, activations, groups, sums);
    }

    /// <summary>Runs every width once with nothing to do, so that no step waits for the compiler.</summary>
    public static void Compile<TType>(bool vnni)
        where TType : struct, IGroupTileType
    {
        float* sums = stackalloc float[Panels.Rows * TileKernel.MaxWidth];
        Multiply<TType>(null, null, 0, Simd256.Width, sums, vnni);
        if (Avx512BW.IsSupported)
            Multiply<TType>(null, null, 0, Simd512.Width, sums, vnni);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TSimd, TInt, TFloat, TType>(byte* weights, byte* activations, int groups, float* sums)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
        where TType : struct, IGroupTileType
    {
        int rowFloats = TSimd.Width, laneFloats = Panels.Rows * TSimd.Width;
        float* lanes = stackalloc float[GroupSum.Lanes * laneFloats], result = lanes;
        int* factors = stackalloc int[2] { 0x0001_0001, 0x0010_0010 };
        if (InMemory<TSimd, TInt, TFloat>())
            new Span<float>(lanes, GroupSum.Lanes * laneFloats).Clear();
        for (int lane = 0; lane < GroupSum.Lanes; lane++, result += laneFloats)
        {
            TFloat f0 = default, f1 = default, f2 = default, f3 = default, f4 = default, f5 = default, f6 = default, f7 = default;
            for (int i = lane; i < groups; i += GroupSum.Lanes, weights += GroupWeights.Bytes(TType.Planes), activations += GroupActivations.Bytes(TSimd.Width))
            {
                TInt s0 = default;
                if (TType.ZeroShift > 0)
                    s0 = TSimd.ShiftLeft(TSimd.Load(activations + GroupActivations.NegatedSum(TSimd.Width)), TType.ZeroShift);
                TInt s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
                byte* w = weights;
                // Where there is one plane or one run, no loop is left of these.
                for (int plane = 0; ; plane++, w += GroupWeights.PlaneBytes - GroupWeights.RowBytes)
                {
                    TInt factor = TSimd.Broadcast((byte*)(factors + plane));
                    byte* q = activations;
                    // A run: as many products of four columns as 16 bits can hold the sum of.
                    for (byte* end = w + GroupWeights.RowBytes; ;)
                    {
                        TInt y = TSimd.Load(q), z = TSimd.Load(q + sizeof(int) * TSimd.Width);
                        TInt t0 = Two<TSimd, TInt, TFloat>(w + 0 * GroupWeights.RowBytes, y, z);
                        TInt t1 = Two<TSimd, TInt, TFloat>(w + 1 * GroupWeights.RowBytes, y, z);
                        TInt t2 = Two<TSimd, TInt, TFloat>(w + 2 * GroupWeights.RowBytes, y, z);
                        TInt t3 = Two<TSimd, TInt, TFloat>(w + 3 * GroupWeights.RowBytes, y, z);
                        TInt t4 = Two<TSimd, TInt, TFloat>(w + 4 * GroupWeights.RowBytes, y, z);
                        TInt t5 = Two<TSimd, TInt, TFloat>(w + 5 * GroupWeights.RowBytes, y, z);
                        TInt t6 = Two<TSimd, TInt, TFloat>(w + 6 * GroupWeights.RowBytes, y, z);
                        TInt t7 = Two<TSimd, TInt, TFloat>(w + 7 * GroupWeights.RowBytes, y, z);
                        w += 8;
                        q += 2 * sizeof(int) * TSimd.Width;
                        for (int left = TType.Run - 2; left > 0; left -= 2, w += 8, q += 2 * sizeof(int) * TSimd.Width)
                        {
                            y = TSimd.Load(q);
                            z = TSimd.Load(q + sizeof(int) * TSimd.Width);
                            t0 = TSimd.AddShorts(t0, Two<TSimd, TInt, TFloat>(w + 0 * GroupWeights.RowBytes, y, z));
                            t1 = TSimd.AddShorts(t1, Two<TSimd, TInt, TFloat>(w + 1 * GroupWeights.RowBytes, y, z));
                            t2 = TSimd.AddShorts(t2, Two<TSimd, TInt, TFloat>(w + 2 * GroupWeights.RowBytes, y, z));
                            t3 = TSimd.AddShorts(t3, Two<TSimd, TInt, TFloat>(w + 3 * GroupWeights.RowBytes, y, z));
                            t4 = TSimd.AddShorts(t4, Two<TSimd, TInt, TFloat>(w + 4 * GroupWeights.RowBytes, y, z));
                            t5 = TSimd.AddShorts(t5, Two<TSimd, TInt, TFloat>(w + 5 * GroupWeights.RowBytes, y, z));
                            t6 = TSimd.AddShorts(t6, Two<TSimd, TInt, TFloat>(w + 6 * GroupWeights.RowBytes, y, z));
                            t7 = TSimd.AddShorts(t7, Two<TSimd, TInt, TFloat>(w + 7 * GroupWeights.RowBytes, y, z));
                        }
                        s0 = TSimd.Add(s0, TSimd.ShortDot(t0, factor));
                        s1 = TSimd.Add(s1, TSimd.ShortDot(t1, factor));
                        s2 = TSimd.Add(s2, TSimd.ShortDot(t2, factor));
                        s3 = TSimd.Add(s3, TSimd.ShortDot(t3, factor));
                        s4 = TSimd.Add(s4, TSimd.ShortDot(t4, factor));
                        s5 = TSimd.Add(s5, TSimd.ShortDot(t5, factor));
                        s6 = TSimd.Add(s6, TSimd.ShortDot(t6, factor));
                        s7 = TSimd.Add(s7, TSimd.ShortDot(t7, factor));
                        if (TType.Run == GroupWeights.RowBytes / sizeof(int) || w == end)
                            break;
                    }
                    if (TType.Planes == 1 || plane == TType.Planes - 1)
                        break;
                }
                TFloat step = TSimd.Load((float*)(activations + GroupActivations.Step(TSimd.Width))), sum = TType.HasMinimum ? TSimd.Load((float*)(activations + GroupActivations.Sum(TSimd.Width))) : default;
                float* scale = (float*)(weights + GroupWeights.Scale(TType.Planes));
                f0 = Add<TSimd, TInt, TFloat, TType>(f0, result + 0 * rowFloats, s0, scale + 0, step, sum);
                f1 = Add<TSimd, TInt, TFloat, TType>(f1, result + 1 * rowFloats, s1, scale + 1, step, sum);
                f2 = Add<TSimd, TInt, TFloat, TType>(f2, result + 2 * rowFloats, s2, scale + 2, step, sum);
                f3 = Add<TSimd, TInt, TFloat, TType>(f3, result + 3 * rowFloats, s3, scale + 3, step, sum);
                f4 = Add<TSimd, TInt, TFloat, TType>(f4, result + 4 * rowFloats, s4, scale + 4, step, sum);
                f5 = Add<TSimd, TInt, TFloat, TType>(f5, result + 5 * rowFloats, s5, scale + 5, step, sum);
                f6 = Add<TSimd, TInt, TFloat, TType>(f6, result + 6 * rowFloats, s6, scale + 6, step, sum);
                f7 = Add<TSimd, TInt, TFloat, TType>(f7, result + 7 * rowFloats, s7, scale + 7, step, sum);
            }
            if (InMemory<TSimd, TInt, TFloat>())
                continue;
            TSimd.Store(f0, result + 0 * rowFloats);
            TSimd.Store(f1, result + 1 * rowFloats);
            TSimd.Store(f2, result + 2 * rowFloats);
            TSimd.Store(f3, result + 3 * rowFloats);
            TSimd.Store(f4, result + 4 * rowFloats);
            TSimd.Store(f5, result + 5 * rowFloats);
            TSimd.Store(f6, result + 6 * rowFloats);
            TSimd.Store(f7, result + 7 * rowFloats);
        }
        TileLanes.Fold<TSimd, TInt, TFloat>(lanes, sums, rowFloats);
    }

    /// <summary>Whether sums are in memory: sixteen registers are for the integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool InMemory<TSimd, TInt, TFloat>()
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct =>
        TSimd.Width == Simd256.Width;

    /// <summary>Adds a group's integers times both scales, and its minimum, to a sum, or to the one in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Add<TSimd, TInt, TFloat, TType>(TFloat before, float* result, TInt products, float* scale, TFloat step, TFloat sum)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
        where TType : struct, IGroupTileType
    {
        if (InMemory<TSimd, TInt, TFloat>())
            before = TSimd.Load(result);
        before = TType.IsStepFirst
            ? TSimd.MultiplyAdd(TSimd.Multiply(TSimd.ToFloat(products), step), TSimd.Broadcast(scale), before)
            : TSimd.MultiplyAdd(TSimd.ToFloat(products), TSimd.Multiply(TSimd.Broadcast(scale), step), before);
        if (TType.HasMinimum)
            before = TSimd.MultiplyAdd(TSimd.Broadcast(scale + Panels.Rows), sum, before);
        if (InMemory<TSimd, TInt, TFloat>())
            TSimd.Store(before, result);
        return before;
    }

    /// <summary>The products of eight columns, in 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TInt Two<TSimd, TInt, TFloat>(byte* w, TInt y, TInt z)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct =>
        TSimd.AddShorts(TSimd.ByteDot(TSimd.Broadcast(w), y), TSimd.ByteDot(TSimd.Broadcast(w + 4), z));
}
