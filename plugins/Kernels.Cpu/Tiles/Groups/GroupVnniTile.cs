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
        for (int lane = 0; lane < GroupSum.Lanes; lane++)
        {
            Vector256<float> f0 = default, f1 = default, f2 = default, f3 = default, f4 = default, f5 = default, f6 = default, f7 = default;
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
                Vector256<float> step = Vector256.Load((float*)(activations + GroupActivations.Step(width)));
                float* scale = (float*)(weights + GroupWeights.Scale(1));
                f0 = Scaled<TType>(f0, s0, scale + 0, step);
                f1 = Scaled<TType>(f1, s1, scale + 1, step);
                f2 = Scaled<TType>(f2, s2, scale + 2, step);
                f3 = Scaled<TType>(f3, s3, scale + 3, step);
                f4 = Scaled<TType>(f4, s4, scale + 4, step);
                f5 = Scaled<TType>(f5, s5, scale + 5, step);
                f6 = Scaled<TType>(f6, s6, scale + 6, step);
                f7 = Scaled<TType>(f7, s7, scale + 7, step);
                if (!TType.HasMinimum)
                    continue;
                Vector256<float> sum = Vector256.Load((float*)(activations + GroupActivations.Sum(width)));
                float* minimum = scale + Panels.Rows;
                f0 = Fma.MultiplyAdd(Vector256.Create(minimum[0]), sum, f0);
                f1 = Fma.MultiplyAdd(Vector256.Create(minimum[1]), sum, f1);
                f2 = Fma.MultiplyAdd(Vector256.Create(minimum[2]), sum, f2);
                f3 = Fma.MultiplyAdd(Vector256.Create(minimum[3]), sum, f3);
                f4 = Fma.MultiplyAdd(Vector256.Create(minimum[4]), sum, f4);
                f5 = Fma.MultiplyAdd(Vector256.Create(minimum[5]), sum, f5);
                f6 = Fma.MultiplyAdd(Vector256.Create(minimum[6]), sum, f6);
                f7 = Fma.MultiplyAdd(Vector256.Create(minimum[7]), sum, f7);
            }
            float* result = lanes + lane * LaneFloats;
            f0.Store(result + 0 * Lanes);
            f1.Store(result + 1 * Lanes);
            f2.Store(result + 2 * Lanes);
            f3.Store(result + 3 * Lanes);
            f4.Store(result + 4 * Lanes);
            f5.Store(result + 5 * Lanes);
            f6.Store(result + 6 * Lanes);
            f7.Store(result + 7 * Lanes);
        }
        TileLanes.Fold<Simd256, Vector256<int>, Vector256<float>>(lanes, sums, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Four(byte* w) => Vector256.Create(*(int*)w).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scaled<TType>(Vector256<float> sum, Vector256<int> products, float* scale, Vector256<float> step)
        where TType : struct, IGroupTileType =>
        TType.IsStepFirst
            ? Fma.MultiplyAdd(Vector256.ConvertToSingle(products) * step, Vector256.Create(*scale), sum)
            : Fma.MultiplyAdd(Vector256.ConvertToSingle(products), Vector256.Create(*scale) * step, sum);
}
