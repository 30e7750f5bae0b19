using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Tests.Ops;

public unsafe class AttentionTileTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(64)]
    [InlineData(127)]
    public void A_pair_scores_bit_for_bit_as_each_alone(int length)
    {
        float[] queries = Values(2 * length + 3, 1), keys = Values(length * 16, 2), pair = new float[AttentionTile.ScoreStride + 16], single = new float[16];
        fixed (float* q = queries, k = keys, p = pair, s = single)
        {
            AttentionTile.ScorePair(q, length + 3, k, length, p);
            for (int i = 0; i < 2; i++)
            {
                AttentionTile.Score(q + i * (length + 3), k, length, s);
                Assert.Equal(MemoryMarshal.AsBytes<float>(pair.AsSpan(AttentionTile.ScoreStride * i, 16)), MemoryMarshal.AsBytes<float>(single));
                for (int t = 0; t < 16; t++)
                    Assert.Equal(Enumerable.Range(0, length).Sum(d => (double)queries[i * (length + 3) + d] * keys[d * 16 + t]), single[t], 1e-5 * Math.Sqrt(length));
            }
        }
    }

    [Theory]
    [InlineData(false, 8)]
    [InlineData(true, 8)]
    [InlineData(false, 72)]
    [InlineData(false, 80)]
    [InlineData(false, 96)]
    [InlineData(false, 120)]
    [InlineData(true, 136)]
    public void Tiles_together_are_softmax_times_values(bool exact, int length)
    {
        // Three stretches, of which the first is partly hidden at its start and the last at its end; the largest score comes late.
        const int Stretches = 3, Stretch = AttentionTile.Stretch;
        (int First, int End)[] visible = [(3, Stretch), (0, Stretch), (0, 21)];
        float[] scores = Values(Stretches * Stretch, 3), values = Values(Stretches * Stretch * length, 4), output = new float[length], result = new float[length];
        for (int i = 0; i < scores.Length; i++)
            scores[i] = scores[i] * 10 + i / 8;
        float[] weights = (float[])scores.Clone();
        scores[0] = float.NaN;
        AttentionState state = new() { Largest = float.NegativeInfinity };
        fixed (float* w = weights, v = values, o = output, r = result)
        {
            for (int i = 0; i < Stretches; i++)
            {
                (int first, int end) = visible[i];
                float* own = w + i * Stretch, ownValues = v + i * Stretch * length;
                AttentionTile.Weigh(own, first, end, exact, &state, o, length);
                for (int tile = 0; tile < end; tile += 16)
                    OneTile.Accumulate(own + tile, ownValues + tile * length, Math.Max(first - tile, 0), Math.Min(end - tile, 16), o, length);
            }
            AttentionTile.Finish(&state, o, r, 1, length);
        }
        int[] seen = [.. Enumerable.Range(3, 2 * Stretch + 21 - 3)];
        double largest = seen.Max(i => scores[i]), sum = seen.Sum(i => Math.Exp(scores[i] - largest));
        for (int d = 0; d < length; d++)
            Assert.Equal(seen.Sum(i => Math.Exp(scores[i] - largest) / sum * values[i * length + d]), result[d], 2e-6);
    }

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
