using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Paged attention against double precision: shuffled block tables, a last block that is partly filled, unused blocks full of NaN.</summary>
public sealed class AttentionTests
{
    private const double FloatTolerance = 1e-6, HalfTolerance = 2e-3;

    [Theory]
    [InlineData(4, 2, 16, 16, 0, 0f, false, 64)]
    [InlineData(3, 1, 33, 31, 0, 0f, true, 8)]
    [InlineData(2, 2, 7, 40, 5, 3f, true, 64)]
    [InlineData(6, 3, 64, 64, 9, 0f, false, 4)]
    [InlineData(2, 1, 128, 96, 0, 0.5f, false, 8)]
    public void Attention_is_the_double_precision_one(int heads, int keyHeads, int keyLength, int valueLength, int window, float cap, bool hasSinks, int partition)
    {
        AttentionCase one = new() { Heads = heads, KeyHeads = keyHeads, KeyLength = keyLength, ValueLength = valueLength, Window = window, Cap = cap, HasSinks = hasSinks, Partition = partition };
        float[] found = Gpu.InEveryOrder<float>(one.Run);
        double relative = Numbers.Relative(one.Expected(), found);
        Assert.True(relative <= FloatTolerance, $"relative difference {relative:g3}");
    }

    [Theory]
    [InlineData(4, 2, 16, 16, 0, 0f, false, 32)]
    [InlineData(3, 1, 33, 31, 0, 0f, true, 16)]
    [InlineData(2, 2, 7, 40, 5, 3f, true, 8)]
    [InlineData(2, 1, 64, 64, 9, 0f, false, 16)]
    [InlineData(2, 1, 128, 96, 0, 0.5f, false, 8)]
    public void Tiles_of_queries_give_the_double_precision_result(int heads, int keyHeads, int keyLength, int valueLength, int window, float cap, bool hasSinks, int keys)
    {
        AttentionCase one = new AttentionCase { Heads = heads, KeyHeads = keyHeads, KeyLength = keyLength, ValueLength = valueLength, Window = window, Cap = cap, HasSinks = hasSinks }.InTiles();
        foreach ((bool isHalf, double tolerance) in ((bool, double)[])[(false, FloatTolerance), (true, HalfTolerance)])
        {
            float[] found = Gpu.InEveryOrder<float>(gpu => one.RunTiles(gpu, isHalf, keys));
            double relative = Numbers.Relative(one.Expected(), found);
            Assert.True(relative <= tolerance, $"{(isHalf ? "halves" : "floats")}: relative difference {relative:g3}");
        }
    }

    [Theory]
    [InlineData(64, 64, true, 32)]
    [InlineData(256, 256, true, 32)]
    [InlineData(256, 256, false, 16)]
    [InlineData(576, 512, true, 16)]
    [InlineData(900, 900, true, 8)]
    [InlineData(1024, 1024, false, 0)]
    public void As_many_keys_are_taken_at_a_time_as_the_memory_holds(int keyLength, int valueLength, bool isHalf, int keys) =>
        Assert.Equal(keys, ((int[])[32, 16, 8]).FirstOrDefault(k => PrefillKernel.Fits(keyLength, valueLength, isHalf, k) is not null));

    /// <summary>Tiles over several rounds of keys, for tests of seeded bugs.</summary>
    internal static void CheckTiles(Gpu gpu)
    {
        AttentionCase one = new AttentionCase { Heads = 4, KeyHeads = 2, KeyLength = 33, ValueLength = 40, Window = 9, Cap = 2, HasSinks = true }.InTiles();
        Assert.InRange(Numbers.Relative(one.Expected(), one.RunTiles(gpu, isHalf: false, 8)), 0, FloatTolerance);
        AttentionCase whole = new AttentionCase { Heads = 2, KeyHeads = 1, KeyLength = 16, ValueLength = 72 }.InTiles();
        Assert.InRange(Numbers.Relative(whole.Expected(), whole.RunTiles(gpu, isHalf: true, 16)), 0, HalfTolerance);
    }

    /// <summary>Contexts of several parts, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        AttentionCase one = new() { Heads = 4, KeyHeads = 2, KeyLength = 33, ValueLength = 40, Window = 9, Cap = 2, HasSinks = true, Partition = 4 };
        Assert.InRange(Numbers.Relative(one.Expected(), one.Run(gpu)), 0, FloatTolerance);
        AttentionCase whole = new() { Heads = 2, KeyHeads = 1, KeyLength = 33, ValueLength = 40, Partition = 64 };
        Assert.InRange(Numbers.Relative(whole.Expected(), whole.Run(gpu)), 0, FloatTolerance);
    }
}
