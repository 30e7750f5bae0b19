using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Units;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Units;

/// <summary>As <see cref="SixteenTile"/> with AVX-VNNI: whole bytes in one plane, eight activation rows of a panel at a time.</summary>
internal static unsafe class SixteenVnniTile
{
    private const int Lanes = 8, HalfBytes = GroupWeights.RowBytes / 2, HalfFours = HalfBytes / sizeof(int);

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
        Vector256<byte> zero = Vector256.Create((byte)(1 << TType.ZeroShift));
        for (int lane = 0; lane < GroupSum.Lanes; lane++)
        {
            Vector256<float> f0 = default, f1 = default, f2 = default, f3 = default, f4 = default, f5 = default, f6 = default, f7 = default;
            for (int i = lane; i < groups; i += GroupSum.Lanes, weights += GroupWeights.Bytes(1), activations += block)
            {
                Vector256<float> step = Vector256.Load((float*)(activations + GroupActivations.Step(width)));
                float* scale = (float*)(weights + GroupWeights.Scale(1));
                Vector256<int> taken = default;
                byte* q = activations;
                for (int k = 0; k < HalfFours; k++, q += four)
                    taken = AvxVnni.MultiplyWideningAndAdd(taken, zero, Vector256.Load((sbyte*)q));
                Vector256<int> start = -taken;
                q = activations;
                for (byte* half = weights; half < weights + GroupWeights.RowBytes; half += HalfBytes, scale += Panels.Rows)
                {
                    Vector256<int> s0 = start, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
                    for (byte* w = half; w < half + HalfBytes; w += sizeof(int), q += four)
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
                    f0 = UnitSum.Add(f0, s0, step, Vector256.Create(scale[0]));
                    f1 = UnitSum.Add(f1, s1, step, Vector256.Create(scale[1]));
                    f2 = UnitSum.Add(f2, s2, step, Vector256.Create(scale[2]));
                    f3 = UnitSum.Add(f3, s3, step, Vector256.Create(scale[3]));
                    f4 = UnitSum.Add(f4, s4, step, Vector256.Create(scale[4]));
                    f5 = UnitSum.Add(f5, s5, step, Vector256.Create(scale[5]));
                    f6 = UnitSum.Add(f6, s6, step, Vector256.Create(scale[6]));
                    f7 = UnitSum.Add(f7, s7, step, Vector256.Create(scale[7]));
                    // The second half takes away what the whole group does and the first has not.
                    start = (Vector256.Load((int*)(activations + GroupActivations.NegatedSum(width))) << TType.ZeroShift) + taken;
                }
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
}
