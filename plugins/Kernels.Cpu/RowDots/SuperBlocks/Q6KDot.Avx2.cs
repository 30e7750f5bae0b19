using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class Q6KDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx2<TByteDot>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TByteDot : struct, IByteDot
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), top = Vector256.Create((byte)0x30);
        nint negatedSums = Int8Activation.NegatedSum4Offset(columns);
        float* scales = stackalloc float[Columns / Group];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, q = activation;
            float* activationScales = (float*)(activation + Int8Activation.ScaleOffset(columns));
            Vector256<float> sum0 = default, sum1 = default;
            for (int rest = columns; rest > 0; rest -= Columns, block += Bytes, activationScales += Columns / Int8Activation.Group)
            {
                Ahead(block);
                Scale(block, activationScales, out Vector256<float> firstScales, out Vector256<float> lastScales);
                firstScales.Store(scales);
                lastScales.Store(scales + 8);
                float* s = scales;
                for (byte* nibbles = block, bits = block + Top; nibbles < block + Top; nibbles += 64, bits += 32, q += 128, s += 8)
                {
                    Vector256<byte> a = Vector256.Load(nibbles), b = Vector256.Load(nibbles + 32), two = Vector256.Load(bits);
                    Vector256<byte> w0 = a & nibble | (two.AsUInt16() << 4).AsByte() & top;
                    Vector256<byte> w1 = b & nibble | (two.AsUInt16() << 2).AsByte() & top;
                    Vector256<byte> w2 = (a.AsUInt16() >> 4).AsByte() & nibble | two & top;
                    Vector256<byte> w3 = (b.AsUInt16() >> 4).AsByte() & nibble | (two.AsUInt16() >> 2).AsByte() & top;
                    sum0 = Fma.MultiplyAdd(Pair(s), Dot<TByteDot>(w0, q, negatedSums), sum0);
                    sum1 = Fma.MultiplyAdd(Pair(s + 2), Dot<TByteDot>(w1, q + 32, negatedSums), sum1);
                    sum0 = Fma.MultiplyAdd(Pair(s + 4), Dot<TByteDot>(w2, q + 64, negatedSums), sum0);
                    sum1 = Fma.MultiplyAdd(Pair(s + 6), Dot<TByteDot>(w3, q + 96, negatedSums), sum1);
                }
            }
            output[row] = Vector256.Sum(sum0 + sum1);
        }
    }

    /// <summary>Two groups' dot products, four parts each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Dot<TByteDot>(Vector256<byte> weights, byte* q, nint negatedSums)
        where TByteDot : struct, IByteDot =>
        Vector256.ConvertToSingle(TByteDot.Add(Vector256.Load((int*)(q + negatedSums)) << ZeroShift, weights, Vector256.Load((sbyte*)q)));

    /// <summary>Two groups' scales, four times each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* scales) => Vector256.Create(Vector128.Create(scales[0]), Vector128.Create(scales[1]));

    /// <summary>The sixteen groups' scales times the activations'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(byte* block, float* activationScales, out Vector256<float> first, out Vector256<float> last)
    {
        Vector128<float> half = HalfFloat.ToSingle(Vector128.CreateScalar((int)Unsafe.ReadUnaligned<ushort>(block + SuperScale)));
        Vector256<float> scale = X86.Avx2.BroadcastScalarToVector256(half) * Vector256.Load(activationScales);
        // Each activation scale serves two groups.
        first = X86.Avx2.PermuteVar8x32(scale, Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3))
            * Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32((sbyte*)block + Scales));
        last = X86.Avx2.PermuteVar8x32(scale, Vector256.Create(4, 4, 5, 5, 6, 6, 7, 7))
            * Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32((sbyte*)block + Scales + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* block)
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
        Sse.Prefetch0(block + Prefetch.Distance + 192);
    }
}
