using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>As <see cref="GroupTile"/> with AVX-VNNI: whole bytes in one plane, eight activation rows of a panel at a time. Super-blocks gain nothing by it: their groups' integers are multiplied by scales, which takes two instructions more than the sums in 16 bits.</summary>
internal static unsafe class GroupVnniTile
{
    private const int Lanes = 8;

    /// <summary>sums[row · width + activation row] of a panel.</summary>
    public static void Multiply<TType>(byte* weights, byte* activations, int groups, int width, float* sums)
        where TType : struct, IGroupTileType
    {
        for (int first = 0; first < width; first += Lanes)
            MultiplyEight<TType>(weights, activations + first * sizeof(int), groups, width, sums + first);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void MultiplyEight<TType>(byte* weights, byte* activations, int groups, int width, float* sums)
        where TType : struct, IGroupTileType
    {
        const int LaneFloats = Panels.Rows * Lanes;
        float* lanes = stackalloc float[GroupSum.Lanes * LaneFloats];
        nint four = (nint)width * sizeof(int), block = GroupActivations.Bytes(width);
        // Two rows' sums stay in memory: with all of them in registers it would be the integers that do not stay there.
        float* result = lanes;
        for (int lane = 0; lane < GroupSum.Lanes; lane++, result += LaneFloats)
        {
            Vector256<float> f0 = default, f1 = default, f2 = default, f3 = default, f4 = default, f5 = default;
            Vector256<float>.Zero.Store(result + 6 * Lanes);
            Vector256<float>.Zero.Store(result + 7 * Lanes);
            for (int i = lane; i < groups; i += GroupSum.Lanes, weights += GroupWeights.Bytes(1), activations += block)
            {
                Vector256<int> s0 = TType.ZeroShift > 0 ? Vector256.Load((int*)(activations + GroupActivations.NegatedSum(width))) << TType.ZeroShift : default;
                Vector256<int> s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
                byte* q = activations;
                for (byte* w = weights; w < weights + GroupWeights.RowBytes; w += sizeof(int), q += four)
                {
                    Vector256<sbyte> y = Vector256.Load((sbyte*)q);
                    s0 = AvxVnni.MultiplyWideningAndAdd(s0, Four(w + 0 * GroupWeights.RowBytes), y);
                    s1 = AvxVnni.MultiplyWideningAndAdd(s1, Four(w + 1 * GroupWeights.RowBytes), y);
                    s2 = AvxVnni.MultiplyWideningAndAdd(s2, Four(w + 2 * GroupWeights.RowBytes), y);
                    s3 = AvxVnni.MultiplyWideningAndAdd(s3, Four(w + 3 * GroupWeights.RowBytes), y);
                    s4 = AvxVnni.MultiplyWideningAndAdd(s4, Four(w + 4 * GroupWeights.RowBytes), y);
                    s5 = AvxVnni.MultiplyWideningAndAdd(s5, Four(w + 5 * GroupWeights.RowBytes), y);
                    s6 = AvxVnni.MultiplyWideningAndAdd(s6, Four(w + 6 * GroupWeights.RowBytes), y);
                    s7 = AvxVnni.MultiplyWideningAndAdd(s7, Four(w + 7 * GroupWeights.RowBytes), y);
                }
                Vector256<float> step = Vector256.Load((float*)(activations + GroupActivations.Step(width))), sum = TType.HasMinimum ? Vector256.Load((float*)(activations + GroupActivations.Sum(width))) : default;
                float* scale = (float*)(weights + GroupWeights.Scale(1));
                f0 = Add<TType>(f0, s0, scale + 0, step, sum);
                f1 = Add<TType>(f1, s1, scale + 1, step, sum);
                f2 = Add<TType>(f2, s2, scale + 2, step, sum);
                f3 = Add<TType>(f3, s3, scale + 3, step, sum);
                f4 = Add<TType>(f4, s4, scale + 4, step, sum);
                f5 = Add<TType>(f5, s5, scale + 5, step, sum);
                Add<TType>(Vector256.Load(result + 6 * Lanes), s6, scale + 6, step, sum).Store(result + 6 * Lanes);
                Add<TType>(Vector256.Load(result + 7 * Lanes), s7, scale + 7, step, sum).Store(result + 7 * Lanes);
            }
            f0.Store(result + 0 * Lanes);
            f1.Store(result + 1 * Lanes);
            f2.Store(result + 2 * Lanes);
            f3.Store(result + 3 * Lanes);
            f4.Store(result + 4 * Lanes);
            f5.Store(result + 5 * Lanes);
        }
        TileLanes.Fold<Simd256, Vector256<int>, Vector256<float>>(lanes, sums, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Four(byte* w) => Vector256.Create(*(int*)w).AsByte();

    /// <summary>Adds a row's integers times both scales, and its minimum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add<TType>(Vector256<float> before, Vector256<int> products, float* scale, Vector256<float> step, Vector256<float> sum)
        where TType : struct, IGroupTileType
    {
        before = TType.IsStepFirst
            ? Fma.MultiplyAdd(Vector256.ConvertToSingle(products) * step, Vector256.Create(*scale), before)
            : Fma.MultiplyAdd(Vector256.ConvertToSingle(products), Vector256.Create(*scale) * step, before);
        return TType.HasMinimum ? Fma.MultiplyAdd(Vector256.Create(scale[Panels.Rows]), sum, before) : before;
    }
}
