using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots;

internal static unsafe partial class Int8Activation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PrepareAvx2(float* x, int columns, byte* destination)
    {
        sbyte* quants = (sbyte*)destination;
        int* negatedSums = (int*)(destination + NegatedSum4Offset(columns));
        float* scales = (float*)(destination + ScaleOffset(columns));
        float* sums = (float*)(destination + SumOffset(columns));
        int* negatedGroups = (int*)(destination + NegatedSumOffset(columns));
        Vector256<int> magnitude = Vector256.Create(int.MaxValue);
        // The packs work in halves of 128 bits: fours of the groups 0 1 2 3 come out as 0a 1a 2a 3a 0b 1b 2b 3b.
        Vector256<int> order = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        for (int group = 0; group < columns / Group; group++, x += Group, quants += Group, negatedSums += Group / 4)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 8), x2 = Vector256.Load(x + 16), x3 = Vector256.Load(x + 24);
            Vector256<int> most = Avx2.Max(
                Avx2.Max(x0.AsInt32() & magnitude, x1.AsInt32() & magnitude),
                Avx2.Max(x2.AsInt32() & magnitude, x3.AsInt32() & magnitude));
            Vector128<int> half = Sse41.Max(most.GetLower(), most.GetUpper());
            half = Sse41.Max(half, Sse2.Shuffle(half, 0b01_00_11_10));
            half = Sse41.Max(half, Sse2.Shuffle(half, 0b10_11_00_01));
            float maximum = half.AsSingle().ToScalar();
            float scale = maximum < SmallestMaximum ? 0 : maximum / 127;
            Vector256<sbyte> q = Vector256<sbyte>.Zero;
            if (maximum >= SmallestMaximum && float.IsFinite(maximum))
            {
                Vector256<float> inverse = Vector256.Create(127 / maximum);
                Vector256<short> low = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(x0 * inverse), Avx.ConvertToVector256Int32(x1 * inverse));
                Vector256<short> high = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(x2 * inverse), Avx.ConvertToVector256Int32(x3 * inverse));
                q = Avx2.PermuteVar8x32(Avx2.PackSignedSaturate(low, high).AsInt32(), order).AsSByte();
            }
            Vector256<int> fours = Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Vector256.Create((byte)1), q), Vector256.Create((short)1));
            q.Store(quants);
            (-fours).Store(negatedSums);
            scales[group] = scale;
            int sum = Vector256.Sum(fours);
            sums[group] = scale * sum;
            negatedGroups[group] = -sum;
        }
    }
}
