using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Tests.Ops;

public unsafe class AttentionTile512Tests
{
    public static MatrixTheoryData<int, int> Cases => new([1, 2, 3, 4], [6, 8, 24, 32, 64, 72, 127]);

    [Theory, MemberData(nameof(Cases))]
    public void Scores_and_sums_are_bitwise_those_of_the_other_form(int heads, int length)
    {
        if (!Avx512F.IsSupported)
            Assert.Skip("this processor has no AVX-512");
        int stride = length + 3, width = (length + 7) & ~7, outputStride = width + 8;
        float[] queries = Values(heads * stride, 1), wide = new float[16 * heads], narrow = new float[16];
        ushort[] keys = HalfValues(length * 16, 2), values = HalfValues(16 * width, 3);
        float[] widened = [.. keys.Select(Widen)], widenedValues = [.. values.Select(Widen)];
        fixed (float* q = queries, k = widened, w = wide, n = narrow)
        fixed (ushort* h = keys)
        {
            AttentionTile512.Score<FiniteF16>(heads, q, stride, (byte*)h, length, w);
            for (int head = 0; head < heads; head++)
            {
                AttentionTile.Score(q + head * stride, k, length, n);
                Assert.Equal(MemoryMarshal.AsBytes<float>(narrow), MemoryMarshal.AsBytes<float>(wide.AsSpan(16 * head, 16)));
            }
        }
        float[] weights = Values(16 * heads, 4), outputs = Values(heads * outputStride, 5), expected = [.. outputs];
        fixed (float* w = weights, v = widenedValues, y = outputs, e = expected)
        fixed (ushort* h = values)
        {
            AttentionTile512.Accumulate<FiniteF16>(heads, w, (byte*)h, 2, 13, y, outputStride, width);
            for (int head = 0; head < heads; head++)
                AttentionTile.Accumulate(w + 16 * head, v, 2, 13, e + head * outputStride, width);
        }
        Assert.Equal(MemoryMarshal.AsBytes<float>(expected), MemoryMarshal.AsBytes<float>(outputs));
    }

    private static float Widen(ushort half) => (float)BitConverter.UInt16BitsToHalf(half);

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    // Subnormal halves among them.
    private static ushort[] HalfValues(int count, int seed) =>
        [.. Values(count, seed).Select((value, i) => BitConverter.HalfToUInt16Bits((Half)(i % 5 == 0 ? value * 1e-5f : value)))];
}
