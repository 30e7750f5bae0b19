using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Tests.Ops;

public unsafe class AttentionTile512Tests
{
    public static MatrixTheoryData<int, int> Cases => new([1, 2, 3, 4], [6, 8, 24, 32, 64, 72, 96, 127, 152]);

    [Theory, MemberData(nameof(Cases))]
    public void Scores_and_sums_are_bitwise_those_of_the_other_form(int heads, int length)
    {
        if (!Avx512F.IsSupported)
            Assert.Skip("this processor has no AVX-512");
        int stride = length + 3, width = (length + 7) & ~7, outputStride = width + 8;
        float[] queries = Values(heads * stride, 1), wide = new float[AttentionTile.ScoreStride * heads], narrow = new float[16];
        ushort[] keys = HalfValues(length * 16, 2), values = HalfValues(16 * width, 3);
        float[] widened = [.. keys.Select(Widen)], widenedValues = [.. values.Select(Widen)];
        fixed (float* q = queries, k = widened, w = wide, n = narrow)
        fixed (ushort* h = keys)
        {
            AttentionTile512.Score<FiniteF16>(heads, q, stride, (byte*)h, (byte*)h, length, w);
            for (int head = 0; head < heads; head++)
            {
                AttentionTile.Score(q + head * stride, k, length, n);
                Assert.Equal(MemoryMarshal.AsBytes<float>(narrow), MemoryMarshal.AsBytes<float>(wide.AsSpan(AttentionTile.ScoreStride * head, 16)));
            }
        }
        float[] weights = Values(AttentionTile.ScoreStride * heads, 4), outputs = Values(heads * outputStride, 5), expected = [.. outputs];
        fixed (float* w = weights, v = widenedValues, y = outputs, e = expected)
        fixed (ushort* h = values)
        {
            AttentionTile512.Accumulate<FiniteF16>(heads, w, (byte*)h, (byte*)h, 2, 13, y, outputStride, width);
            for (int head = 0; head < heads; head++)
                AttentionTile.Accumulate(w + AttentionTile.ScoreStride * head, v, 2, 13, e + head * outputStride, width);
        }
        Assert.Equal(MemoryMarshal.AsBytes<float>(expected), MemoryMarshal.AsBytes<float>(outputs));
    }

    [Theory]
    [InlineData(0, 128)]
    [InlineData(0, 1)]
    [InlineData(3, 16)]
    [InlineData(5, 24)]
    [InlineData(20, 57)]
    [InlineData(100, 128)]
    [InlineData(127, 128)]
    public void Weights_are_bitwise_those_of_the_other_form(int first, int end)
    {
        if (!Avx512F.IsSupported)
            Assert.Skip("this processor has no AVX-512");
        const int Length = 24;
        float[] scores = [.. Values(AttentionTile.Stretch, 7).Select((s, i) => i < first || i >= end ? float.NaN : 40 * s)], other = [.. scores];
        float[] output = Values(Length, 8), otherOutput = [.. output];
        // Without an earlier score, behind a smaller one and behind a larger one.
        foreach (float largest in (float[])[float.NegativeInfinity, -60, 90])
        {
            AttentionState state = new() { Largest = largest, Sum = 3 }, otherState = state;
            fixed (float* s = scores, o = other, y = output, z = otherOutput)
            {
                AttentionTile512.Weigh(s, first, end, &state, y, Length);
                AttentionTile.Weigh(o, first, end, false, &otherState, z, Length);
            }
            int begin = first & -16, behind = (end + 15) & -16;
            Assert.Equal(MemoryMarshal.AsBytes(other.AsSpan(begin..behind)), MemoryMarshal.AsBytes(scores.AsSpan(begin..behind)));
            Assert.Equal(MemoryMarshal.AsBytes<float>(otherOutput), MemoryMarshal.AsBytes<float>(output));
            Assert.Equal((otherState.Largest, otherState.Sum), (state.Largest, state.Sum));
            Assert.All(Enumerable.Range(begin, behind - begin).Where(i => i < first || i >= end), i => Assert.Equal(0f, scores[i]));
        }
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
