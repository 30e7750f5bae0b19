using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Tests.Ops;

public unsafe class AttentionTile512Tests
{
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

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
