using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Units;

/// <summary>
/// As <see cref="GroupTile"/> where 16 columns share a scale, those of the second halves in the minimums' place. Activations have sums of whole groups alone: what the zero point takes away from a first half is summed
/// here, which costs as much as half a weight row's products.
/// </summary>
internal static unsafe class SixteenTile
{
    private const int HalfBytes = GroupWeights.RowBytes / 2, HalfFours = HalfBytes / sizeof(int);

    /// <summary>sums[row · width + activation row] of a panel.</summary>
    public static void Multiply<TType>(byte* weights, byte* activations, int groups, int width, float* sums, bool vnni)
        where TType : struct, IGroupTileType
    {
        if (vnni)
            SixteenVnniTile.Multiply<TType>(weights, activations, groups, width, sums);
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
        float* lanes = stackalloc float[GroupSum.Lanes * laneFloats];
        // Ones of shorts and 16s; minus ones of shorts, for sums of activations that are taken away.
        int* factors = stackalloc int[3] { 0x0001_0001, 0x0010_0010, -1 };
        int ones = 0x01010101;
        for (int lane = 0; lane < GroupSum.Lanes; lane++)
        {
            TFloat f0 = default, f1 = default, f2 = default, f3 = default, f4 = default, f5 = default, f6 = default, f7 = default;
            for (int i = lane; i < groups; i += GroupSum.Lanes, weights += GroupWeights.Bytes(TType.Planes), activations += GroupActivations.Bytes(TSimd.Width))
            {
                TFloat step = TSimd.Load((float*)(activations + GroupActivations.Step(TSimd.Width)));
                float* scale = (float*)(weights + GroupWeights.Scale(TType.Planes));
                TInt four = TSimd.Broadcast((byte*)&ones), rest = default;
                for (int k = 0; k < HalfFours; k++)
                    rest = TSimd.AddShorts(rest, TSimd.ByteDot(four, TSimd.Load(activations + k * sizeof(int) * TSimd.Width)));
                TInt start = TSimd.ShortDot(rest, TSimd.Broadcast((byte*)(factors + 2)));
                byte* half = weights, x = activations;
                for (int k = 0; k < 2; k++, half += HalfBytes, x += HalfBytes * TSimd.Width, scale += Panels.Rows)
                {
                    TInt s0 = TSimd.ShiftLeft(start, TType.ZeroShift);
                    TInt s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
                    byte* w = half;
                    for (int plane = 0; plane < TType.Planes; plane++, w += GroupWeights.PlaneBytes)
                    {
                        TInt factor = TSimd.Broadcast((byte*)(factors + plane));
                        TInt a = TSimd.Load(x), b = TSimd.Load(x + sizeof(int) * TSimd.Width), c = TSimd.Load(x + 2 * sizeof(int) * TSimd.Width), d = TSimd.Load(x + 3 * sizeof(int) * TSimd.Width);
                        s0 = Add<TSimd, TInt, TFloat>(s0, w + 0 * GroupWeights.RowBytes, a, b, c, d, factor);
                        s1 = Add<TSimd, TInt, TFloat>(s1, w + 1 * GroupWeights.RowBytes, a, b, c, d, factor);
                        s2 = Add<TSimd, TInt, TFloat>(s2, w + 2 * GroupWeights.RowBytes, a, b, c, d, factor);
                        s3 = Add<TSimd, TInt, TFloat>(s3, w + 3 * GroupWeights.RowBytes, a, b, c, d, factor);
                        s4 = Add<TSimd, TInt, TFloat>(s4, w + 4 * GroupWeights.RowBytes, a, b, c, d, factor);
                        s5 = Add<TSimd, TInt, TFloat>(s5, w + 5 * GroupWeights.RowBytes, a, b, c, d, factor);
                        s6 = Add<TSimd, TInt, TFloat>(s6, w + 6 * GroupWeights.RowBytes, a, b, c, d, factor);
                        s7 = Add<TSimd, TInt, TFloat>(s7, w + 7 * GroupWeights.RowBytes, a, b, c, d, factor);
                    }
                    f0 = Scaled<TSimd, TInt, TFloat>(f0, s0, scale + 0, step);
                    f1 = Scaled<TSimd, TInt, TFloat>(f1, s1, scale + 1, step);
                    f2 = Scaled<TSimd, TInt, TFloat>(f2, s2, scale + 2, step);
                    f3 = Scaled<TSimd, TInt, TFloat>(f3, s3, scale + 3, step);
                    f4 = Scaled<TSimd, TInt, TFloat>(f4, s4, scale + 4, step);
                    f5 = Scaled<TSimd, TInt, TFloat>(f5, s5, scale + 5, step);
                    f6 = Scaled<TSimd, TInt, TFloat>(f6, s6, scale + 6, step);
                    f7 = Scaled<TSimd, TInt, TFloat>(f7, s7, scale + 7, step);
                    // The second half takes away what the whole group does and the first has not.
                    start = TSimd.Add(TSimd.Load(activations + GroupActivations.NegatedSum(TSimd.Width)), TSimd.ShortDot(rest, TSimd.Broadcast((byte*)factors)));
                }
            }
            float* result = lanes + lane * laneFloats;
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

    /// <summary>Adds the products of 16 columns; 16 bits hold the sums of values up to 31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TInt Add<TSimd, TInt, TFloat>(TInt sum, byte* w, TInt a, TInt b, TInt c, TInt d, TInt factor)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct =>
        TSimd.Add(sum, TSimd.ShortDot(
            TSimd.AddShorts(
                TSimd.AddShorts(TSimd.ByteDot(TSimd.Broadcast(w), a), TSimd.ByteDot(TSimd.Broadcast(w + 4), b)),
                TSimd.AddShorts(TSimd.ByteDot(TSimd.Broadcast(w + 8), c), TSimd.ByteDot(TSimd.Broadcast(w + 12), d))),
            factor));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Scaled<TSimd, TInt, TFloat>(TFloat sum, TInt products, float* scale, TFloat step)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct =>
        TSimd.MultiplyAdd(TSimd.Multiply(TSimd.ToFloat(products), step), TSimd.Broadcast(scale), sum);
}
