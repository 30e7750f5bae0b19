using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tests.Ops;

/// <summary>Every lane of attention by features is bitwise what a row alone gives.</summary>
public unsafe class AttentionPanelTests
{
    private const int Entries = 37;

    public static MatrixTheoryData<int, int, bool> Cases => new([1, 2], [6, 8, 31, 64], [false, true]);

    [Theory, MemberData(nameof(Cases))]
    public void Lanes_are_rows(int heads, int length, bool exact)
    {
        if (!Fma.IsSupported)
            Assert.Skip("this processor has no FMA");
        Check<Simd256, Vector256<int>, Vector256<float>>(heads, length, exact);
        if (Avx512BW.IsSupported)
            Check<Simd512, Vector512<int>, Vector512<float>>(heads, length, exact);
    }

    // Two stretches of entries; what a row does not see is no number.
    private static void Check<TSimd, TInt, TFloat>(int heads, int length, bool exact)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        int lanes = TSimd.Width, tiles = (Entries + 15) / 16, width = (length + 7) & ~7;
        float[] queries = Values(heads * length * lanes, 1, 3), keys = Values(tiles * length * 16, 2, 3), values = Values(tiles * 16 * width, 3, 1);
        values.AsSpan(32 * width).Fill(float.NaN);
        PanelRows rows = new() { First = 1, Count = lanes - 2 };
        // The first row sees nothing of the second stretch, the second one nothing of the first; none sees all.
        for (int row = 1; row < lanes - 1; row++)
            (rows.From[row], rows.End[row]) = row == 1 ? (0, 13) : row == 2 ? (17, 24) : (row % 5, 32 - row);
        (rows.AllFrom, rows.AllEnd) = (17, 13);
        float[] scores = new float[heads * Entries * lanes], outputs = new float[heads * width * lanes];
        PanelState[] states = new PanelState[heads];
        fixed (float* q = queries, k = keys, v = values, s = scores, o = outputs)
        fixed (PanelState* states0 = states)
        {
            for (int head = 0; head < heads; head++)
                new Span<float>(states0[head].Largest, PanelRows.Most).Fill(float.NegativeInfinity);
            foreach ((int first, int last) in (ReadOnlySpan<(int, int)>)[(0, 15), (16, Entries - 1)])
            {
                for (int at = first; at <= last; at += 16)
                    AttentionPanel<TSimd, TInt, TFloat>.Score(heads, q, length * lanes, k + at / 16 * length * 16, Math.Min(16, last + 1 - at), length, s + (at - first) * lanes, Entries * lanes);
                for (int head = 0; head < heads; head++)
                    AttentionPanel<TSimd, TInt, TFloat>.Weigh(&rows, s + head * Entries * lanes, first, last, exact, states0 + head, o + head * width * lanes, width);
                for (int at = first; at <= last; at += 16)
                    AttentionPanel<TSimd, TInt, TFloat>.Accumulate(heads, s + (at - first) * lanes, Entries * lanes, v + at * width, width, Math.Min(16, last + 1 - at), o, width * lanes, &rows, at);
            }
            for (int head = 0; head < heads; head++)
                for (int row = 1; row < lanes - 1; row++)
                {
                    float[] query = [.. Enumerable.Range(0, length).Select(i => queries[(head * length + i) * lanes + row])];
                    (float[] output, AttentionState state) = Alone(query, k, v, rows.From[row], rows.End[row], length, width, exact);
                    float[] found = [.. Enumerable.Range(0, width).Select(i => outputs[(head * width + i) * lanes + row])];
                    Assert.Equal(MemoryMarshal.AsBytes<float>(output), MemoryMarshal.AsBytes<float>(found));
                    Assert.Equal((state.Largest, state.Sum), (states[head].Largest[row], states[head].Sum[row]));
                }
        }
    }

    private static (float[] Output, AttentionState State) Alone(float[] query, float* keys, float* values, int from, int end, int length, int width, bool exact)
    {
        float[] output = new float[width];
        AttentionState state = new() { Largest = float.NegativeInfinity };
        float* scores = stackalloc float[AttentionTile.ScoreStride];
        fixed (float* q = query, o = output)
            foreach ((int first, int last) in (ReadOnlySpan<(int, int)>)[(0, 15), (16, Entries - 1)])
            {
                int begin = Math.Max(first, from) - first, behind = Math.Min(last + 1, end) - first;
                if (begin >= behind)
                    continue;
                for (int at = 0; at < behind; at += 16)
                    AttentionTile.Score(q, keys + (first + at) / 16 * length * 16, length, scores + at);
                AttentionTile.Weigh(scores, begin, behind, exact, &state, o, width);
                for (int at = 0; at < behind; at += 16)
                    OneTile.Accumulate(scores + at, values + (first + at) * width, Math.Max(begin - at, 0), Math.Min(behind - at, 16), o, width);
            }
        return (output, state);
    }

    private static float[] Values(int count, int seed, float size)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => size * (2 * random.NextSingle() - 1))];
    }
}
