using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots;

internal static unsafe partial class Int8SuperActivation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PrepareAvx2(float* x, int columns, byte* destination)
    {
        sbyte* quants = (sbyte*)destination;
        short* sums16 = (short*)(destination + Sum16Offset(columns)), sums32 = (short*)(destination + Sum32Offset(columns));
        float* scales = (float*)(destination + ScaleOffset(columns));
        // The packs work in halves of 128 bits: fours of the groups 0 1 2 3 come out as 0a 1a 2a 3a 0b 1b 2b 3b.
        Vector256<int> magnitude = Vector256.Create(int.MaxValue), order = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        for (int block = 0; block < columns / Block; block++)
        {
            Vector256<int> most = default;
            for (int i = 0; i < Block; i += 16)
                most = Avx2.Max(most, Avx2.Max(Vector256.Load((int*)x + i) & magnitude, Vector256.Load((int*)x + i + 8) & magnitude));
            Vector128<int> half = Sse41.Max(most.GetLower(), most.GetUpper());
            half = Sse41.Max(half, Sse2.Shuffle(half, 0b01_00_11_10));
            half = Sse41.Max(half, Sse2.Shuffle(half, 0b10_11_00_01));
            float maximum = half.AsSingle().ToScalar();
            scales[block] = maximum < SmallestMaximum ? 0 : maximum / 127;
            bool usable = maximum >= SmallestMaximum && float.IsFinite(maximum);
            Vector256<float> inverse = Vector256.Create(127 / maximum);
            for (int group = 0; group < Block / 32; group++, x += 32, quants += 32, sums16 += 2, sums32++)
            {
                Vector256<sbyte> q = default;
                if (usable)
                {
                    Vector256<short> low = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(Vector256.Load(x) * inverse), Avx.ConvertToVector256Int32(Vector256.Load(x + 8) * inverse));
                    Vector256<short> high = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(Vector256.Load(x + 16) * inverse), Avx.ConvertToVector256Int32(Vector256.Load(x + 24) * inverse));
                    q = Avx2.PermuteVar8x32(Avx2.PackSignedSaturate(low, high).AsInt32(), order).AsSByte();
                }
                q.Store(quants);
                Vector256<int> fours = Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Vector256.Create((byte)1), q), Vector256.Create((short)1));
                int first = Vector128.Sum(fours.GetLower()), second = Vector128.Sum(fours.GetUpper());
                sums16[0] = (short)first;
                sums16[1] = (short)second;
                *sums32 = (short)(first + second);
            }
        }
    }
}
