using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Common;

namespace Tessera.Quant.BitsAndBytes;

/// <summary>The sixteen levels of a tensor, and its codes: two in a byte, the high nibble first.</summary>
internal readonly unsafe struct FourBitLevels
{
    /// <summary>The part's name.</summary>
    public const string Part = "levels";

    /// <summary>The number of levels.</summary>
    public const int Count = 16;

    // Far enough for the memory to answer in time; what lies behind the codes is asked for, never read.
    private const int Ahead = 4096;
    private readonly Vector256<float> _low;
    private readonly Vector256<float> _high;

    /// <summary>The levels of a validated tensor.</summary>
    public FourBitLevels(WeightTensor weight)
    {
        float* levels = (float*)weight.Data(Part);
        (_low, _high) = (Vector256.Load(levels), Vector256.Load(levels + 8));
    }

    /// <summary>Writes level · magnitude.</summary>
    /// <param name="data">All codes.</param>
    /// <param name="first">The first value.</param>
    /// <param name="count">The number of values.</param>
    /// <param name="magnitude">What is multiplied.</param>
    /// <param name="destination">Room for <paramref name="count"/> floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Dequantize(byte* data, long first, long count, float magnitude, float* destination)
    {
        long i = 0;
        // A row of an odd number of values may start with the second one of a byte.
        if (Avx2.IsSupported && first % 2 == 0)
            for (Vector256<float> m = Vector256.Create(magnitude); i <= count - 16; i += 16)
            {
                Sixteen(data + (first + i) / 2, out Vector256<float> a, out Vector256<float> b);
                (a * m).Store(destination + i);
                (b * m).Store(destination + i + 8);
            }
        for (; i < count; i++)
            destination[i] = Level(data, first + i) * magnitude;
    }

    /// <summary>Σ level · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Dot(byte* data, long first, long count, float* x)
    {
        long i = 0;
        float sum = 0;
        if (Avx2.IsSupported && Fma.IsSupported && first % 2 == 0)
        {
            Vector256<float> even = default, odd = default;
            Sse.Prefetch0(data + first / 2 + Ahead);
            for (; i <= count - 16; i += 16)
            {
                Sixteen(data + (first + i) / 2, out Vector256<float> a, out Vector256<float> b);
                even = Fma.MultiplyAdd(a, Vector256.Load(x + i), even);
                odd = Fma.MultiplyAdd(b, Vector256.Load(x + i + 8), odd);
            }
            sum = Vector256.Sum(even + odd);
        }
        for (; i < count; i++)
            sum = MathF.FusedMultiplyAdd(Level(data, first + i), x[i], sum);
        return sum;
    }

    // The permutation reads three bits of an index; the fourth, moved to the sign, chooses the half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Sixteen(byte* packed, out Vector256<float> first, out Vector256<float> second)
    {
        Vector256<int> bytes = Avx2.ConvertToVector256Int32(packed), upper = bytes >> 4;
        Vector256<float> even = Avx.BlendVariable(Avx2.PermuteVar8x32(_low, upper), Avx2.PermuteVar8x32(_high, upper), (bytes << 24).AsSingle());
        Vector256<float> odd = Avx.BlendVariable(Avx2.PermuteVar8x32(_low, bytes), Avx2.PermuteVar8x32(_high, bytes), (bytes << 28).AsSingle());
        Vector256<float> low = Avx.UnpackLow(even, odd), high = Avx.UnpackHigh(even, odd);
        first = Avx.Permute2x128(low, high, 0x20);
        second = Avx.Permute2x128(low, high, 0x31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Level(byte* data, long value)
    {
        int code = value % 2 == 0 ? data[value / 2] >> 4 : data[value / 2] & 15;
        return code < 8 ? _low[code] : _high[code & 7];
    }
}
