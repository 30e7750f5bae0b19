using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.Plan;

namespace Tessera.Kernels.Cpu.Tests.Ops;

/// <summary>What is chosen for a length of head gives what adding in order gives, bit for bit, and so do the kernels for any length.</summary>
public unsafe class AttentionKernelsTests
{
    private const int MostTiles = 5, First = 3, End = 14;

    public static MatrixTheoryData<bool, int> Cases => new([false, true], [6, 8, 24, 56, 64, 72, 80, 96, 112, 127, 128, 152, 256]);

    public static MatrixTheoryData<bool, int> Listed => new([false, true], [64, 80, 96, 128, 256]);

    [Theory, MemberData(nameof(Cases))]
    public void Scores_and_sums_are_bitwise_those_of_one_after_another(bool wide, int length)
    {
        SkipWithout(wide);
        Check<F32>(wide, length);
        if (!wide)
            return;
        Check<F16>(wide, length);
        Check<FiniteF16>(wide, length);
        Check<BF16>(wide, length);
    }

    // A kernel for one length takes no other: it sums all columns whatever it is told.
    [Theory, MemberData(nameof(Listed))]
    public void A_listed_length_has_its_own_kernels(bool wide, int length)
    {
        SkipWithout(wide);
        AttentionKernels chosen = AttentionKernels.For<F32>(wide, length);
        Assert.Equal(length, chosen.Elements);
        Tiles<F32> tiles = new(1, length);
        for (int heads = 1; heads <= chosen.MostHeads; heads++)
            Assert.Equal(Sums(tiles, chosen, heads, 1, length, length), Sums(tiles, chosen, heads, 1, length, 16));
    }

    [Theory]
    [InlineData(false, 72)]
    [InlineData(false, 112)]
    [InlineData(true, 72)]
    [InlineData(true, 112)]
    public void Another_length_has_kernels_that_are_told_it(bool wide, int length)
    {
        SkipWithout(wide);
        AttentionKernels chosen = AttentionKernels.For<F32>(wide, length);
        Assert.Equal(0, chosen.Elements);
        Tiles<F32> tiles = new(1, length);
        for (int heads = 1; heads <= chosen.MostHeads; heads++)
            Assert.NotEqual(Sums(tiles, chosen, heads, 1, length, length), Sums(tiles, chosen, heads, 1, length, 16));
    }

    [Theory]
    [InlineData(64, "for values of 64")]
    [InlineData(80, "for values of 80")]
    [InlineData(96, "for values of 96")]
    [InlineData(128, "for values of 128")]
    [InlineData(256, "for values of 256")]
    [InlineData(32, "for values of any length")]
    public void A_model_says_whose_kernels_it_has(int length, string said)
    {
        using RandomModel model = new(new ModelShape { HeadLength = length, Width = 4 * length });
        using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast, KvType.F16));
        Assert.Contains(session.Runtime.Explain(), line => line.Contains("paged attention", StringComparison.Ordinal) && line.Contains(said, StringComparison.Ordinal));
    }

    private static void SkipWithout(bool wide)
    {
        if (wide && !Avx512F.IsSupported)
            Assert.Skip("this processor has no AVX-512");
    }

    private static void Check<TElement>(bool wide, int length)
        where TElement : struct, IFloatWeight
    {
        int width = (length + 7) & ~7;
        AttentionKernels chosen = AttentionKernels.For<TElement>(wide, width), any = AttentionKernels.Of<TElement, AnyHead>(wide);
        foreach (int count in (int[])[1, 2, MostTiles])
        {
            Tiles<TElement> keys = new(2, length), values = new(3, width);
            for (int heads = 1; heads <= chosen.MostHeads; heads++)
            {
                float[] scores = ScoresInOrder(keys, heads, count, length);
                Assert.Equal(scores, Scores(keys, chosen, heads, count, length));
                byte[] sums = SumsInOrder(values, heads, count, width);
                Assert.Equal(sums, Sums(values, chosen, heads, count, width, width));
                Assert.Equal(sums, Sums(values, any, heads, count, width, width));
            }
        }
    }

    private static float[] Scores<TElement>(Tiles<TElement> keys, AttentionKernels kernels, int heads, int count, int length)
        where TElement : struct, IFloatWeight
    {
        float[] queries = Values(heads * (length + 3), 4), scores = new float[heads * AttentionTile.ScoreStride];
        byte** tiles = stackalloc byte*[count + AttentionTile.Ahead];
        fixed (byte* data = keys.Data)
        fixed (float* q = queries, s = scores)
        {
            keys.List(data, tiles, count);
            kernels.Score(heads, q, length + 3, tiles, count, length, s);
        }
        return scores;
    }

    // Even and odd elements apart.
    private static float[] ScoresInOrder<TElement>(Tiles<TElement> keys, int heads, int count, int length)
        where TElement : struct, IFloatWeight
    {
        float[] queries = Values(heads * (length + 3), 4), scores = new float[heads * AttentionTile.ScoreStride];
        for (int i = 0; i < heads * count * 16; i++)
        {
            int head = i / (count * 16), entry = i % (count * 16);
            float even = 0, odd = 0;
            for (int d = 0; d < length; d += 2)
                even = MathF.FusedMultiplyAdd(queries[head * (length + 3) + d], keys.At(entry / 16, d * 16 + entry % 16), even);
            for (int d = 1; d < length; d += 2)
                odd = MathF.FusedMultiplyAdd(queries[head * (length + 3) + d], keys.At(entry / 16, d * 16 + entry % 16), odd);
            scores[head * AttentionTile.ScoreStride + entry] = even + odd;
        }
        return scores;
    }

    private static byte[] Sums<TElement>(Tiles<TElement> values, AttentionKernels kernels, int heads, int count, int width, int told)
        where TElement : struct, IFloatWeight
    {
        float[] weights = Values(heads * AttentionTile.ScoreStride, 5), outputs = Values(heads * (width + 8), 6);
        byte** tiles = stackalloc byte*[count + AttentionTile.Ahead];
        fixed (byte* data = values.Data)
        fixed (float* w = weights, y = outputs)
        {
            values.List(data, tiles, count);
            kernels.Accumulate(heads, w, tiles, count, First, End, y, width + 8, told);
        }
        return MemoryMarshal.AsBytes<float>(outputs).ToArray();
    }

    private static byte[] SumsInOrder<TElement>(Tiles<TElement> values, int heads, int count, int width)
        where TElement : struct, IFloatWeight
    {
        float[] weights = Values(heads * AttentionTile.ScoreStride, 5), outputs = Values(heads * (width + 8), 6);
        for (int head = 0; head < heads; head++)
            for (int t = First; t < 16 * (count - 1) + End; t++)
                for (int i = 0; i < width; i++)
                    outputs[head * (width + 8) + i] = MathF.FusedMultiplyAdd(weights[head * AttentionTile.ScoreStride + t], values.At(t / 16, t % 16 * width + i), outputs[head * (width + 8) + i]);
        return MemoryMarshal.AsBytes<float>(outputs).ToArray();
    }

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    /// <summary>Tiles that lie backwards, subnormal numbers among their elements, and those ahead.</summary>
    private sealed class Tiles<TElement>
        where TElement : struct, IFloatWeight
    {
        private readonly int _elements;

        public Tiles(int seed, int length)
        {
            _elements = length * 16;
            Data = [.. Values(_elements * (MostTiles + AttentionTile.Ahead), seed).SelectMany((value, i) => Bytes(i % 5 == 0 ? value * 1e-5f : value))];
        }

        public byte[] Data { get; }

        public void List(byte* data, byte** tiles, int count)
        {
            for (int i = 0; i < count + AttentionTile.Ahead; i++)
                tiles[i] = data + Start(i);
        }

        public float At(int tile, int element)
        {
            fixed (byte* data = Data)
                return TElement.Load1(data + Start(tile) + element * TElement.Bytes);
        }

        private int Start(int tile) => (MostTiles + AttentionTile.Ahead - 1 - tile) * _elements * TElement.Bytes;

        private static byte[] Bytes(float value) =>
            TElement.Bytes == sizeof(float) ? BitConverter.GetBytes(value)
            : typeof(TElement) == typeof(BF16) ? BitConverter.GetBytes(value)[2..]
            : BitConverter.GetBytes((Half)value);
    }
}
