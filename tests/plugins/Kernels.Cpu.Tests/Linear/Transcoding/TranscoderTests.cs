using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Transcoding;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Linear.Transcoding;

/// <summary>What is written anew is the same weights, in the smallest type that holds them, or nothing.</summary>
public sealed class TranscoderTests : IDisposable
{
    private readonly NativeArena _arena = new();

    public void Dispose() => _arena.Dispose();

    /// <summary>Largest value, the zero point in scales, and the type that holds it. Fractions of a scale, and what only a type with minimums holds, are float16; whole zero points are as the product gives them.</summary>
    [Theory]
    [InlineData(7, 4, "q4_0")]
    [InlineData(15, 8, "q4_0")]
    [InlineData(7, 0, "q4_0")]
    [InlineData(15, 7, "q5_0")]
    [InlineData(15, 20, "q8_0")]
    [InlineData(15, -20, "q8_0")]
    [InlineData(15, 0, "q4_1")]
    [InlineData(15, 3.5f, "q4_1")]
    [InlineData(15, -2, "q4_1")]
    [InlineData(31, 16, "q5_0")]
    [InlineData(30, 15, "q5_0")]
    [InlineData(31, 15, "q8_0")]
    [InlineData(31, 0.25f, "q5_1")]
    [InlineData(255, 128, "q8_0")]
    [InlineData(100, 0, "q8_0")]
    [InlineData(200, 100, "q8_0")]
    public void Every_weight_stays_what_it_is(int most, float zero, string type)
    {
        GroupedType grouped = new() { MaxValue = most, Value = place => (int)(place * 7 % (most + 1)), Group = group => Of(group, zero, type.EndsWith("_1", StringComparison.Ordinal)) };
        foreach ((int rows, int columns, int lanes) in new[] { (1, 32, 1), (7, 96, 2), (300, 1024, 2), (5000, 1024, 2) })
            Same(grouped, Tensor(rows, columns), type, lanes);
    }

    /// <summary>Parts are whole multiples of what the plugin asks for, but for the last; so are runs of the team.</summary>
    [Fact]
    public void Rows_that_are_unpacked_together_come_together()
    {
        List<(long First, int Count)> parts = [];
        Recording recording = new(new GroupedType { RowsTogether = 40, Value = place => (int)(place % 8) }, parts);
        using InlineWorkTeam team = new(1);
        // 4 Mi weights are 512 rows: 480 of a run.
        WeightTensor weight = Tensor(570, 8192);
        Assert.NotNull(new Transcoder(team, _arena).TryTranscode(weight, new AffineSource(weight, recording), out _));
        Assert.Equal([.. Enumerable.Range(0, 14).Select(i => (i * 40L, 40)), (560, 10)], parts);
    }

    /// <summary>What a plugin says of itself is bounded: no loop without end, and no memory by its number.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_plugin_that_asks_for_no_rows_or_for_all_is_served(int rowsTogether)
    {
        Same(new GroupedType { RowsTogether = rowsTogether, Value = place => (int)(place % 8), MaxValue = 7 }, Tensor(5, 14336), "q4_0", 2);
        Assert.InRange(new AffineSource(Tensor(5, 14336), new GroupedType { RowsTogether = rowsTogether }).RowsTogether, 1, 4096);
    }

    /// <summary>A misfit ends the work: not many more rows are unpacked.</summary>
    [Fact]
    public void A_misfit_ends_the_work()
    {
        List<(long First, int Count)> parts = [];
        Recording recording = new(new GroupedType { Value = place => (int)(place % 8), Group = group => group == 0 ? (1.0001f, 4) : (1, 4) }, parts);
        using InlineWorkTeam team = new(1);
        WeightTensor weight = Tensor(4000, 8192);
        Assert.Null(new Transcoder(team, _arena).TryTranscode(weight, new AffineSource(weight, recording), out _));
        // Once for each of five types.
        Assert.Equal([.. Enumerable.Repeat((0L, 16), 5)], parts);
    }

    [Fact]
    public void A_group_without_a_scale_is_zero_whatever_its_values_are() =>
        Same(new GroupedType { MaxValue = 15, Value = place => place / 32 % 2 == 0 ? 15 : (int)(place % 12), Group = group => group % 2 == 0 ? (0, 0) : (1, 4) }, Tensor(3, 128), "q4_0", 1);

    [Fact]
    public void A_group_of_one_value_keeps_it_as_its_minimum() =>
        Same(new GroupedType { Group = group => group % 2 == 0 ? (0, -3) : (1, 4) }, Tensor(3, 128), "q4_1", 1);

    /// <summary>The last group alone does not fit: nothing is left of what was written before it.</summary>
    [Theory]
    [InlineData(15, 1.0001f, 4, "a scale that is no float16")]
    [InlineData(15, 1, 0.30001f, "a minimum that is none")]
    [InlineData(15, 1e6f, 0, "a scale beyond float16")]
    [InlineData(15, float.NaN, 0, "no number")]
    [InlineData(15, float.PositiveInfinity, 0, "an infinite scale")]
    [InlineData(15, 1, float.NaN, "no number")]
    [InlineData(15, 1, float.NegativeInfinity, "an infinite minimum")]
    [InlineData(255, 1, 0.5f, "bytes with a minimum")]
    [InlineData(255, 1, -1, "bytes beyond 127")]
    [InlineData(255, 1, 129, "bytes below -128")]
    [InlineData(255, 1, 65536 + 128, "a zero point that is another one in 16 bits")]
    [InlineData(255, 1, 128.00002f, "a minimum beside a whole zero point")]
    [InlineData(255, 1e-4f, 300, "a zero point far away")]
    public void What_no_type_holds_is_left(int most, float scale, float minimum, string because)
    {
        const int Groups = 64 * 1024 / 32;
        GroupedType grouped = new() { MaxValue = most, Value = place => (int)(place * 8 % (most + 1)), Group = group => group == Groups - 1 ? (scale, minimum) : (1, (most + 1) / 2) };
        using InlineWorkTeam team = new(2);
        Transcoder transcoder = new(team, _arena);
        long before = _arena.Bytes;
        WeightTensor weight = Tensor(64, 1024);
        Assert.True(transcoder.TryTranscode(weight, new AffineSource(weight, grouped), out string why) is null, because);
        Assert.Equal("no type of blocks holds its weights as they are", why);
        Assert.Equal((before, 0, 0L), (_arena.Bytes, transcoder.Count, transcoder.Bytes));
    }

    [Theory]
    [InlineData(7, 8)]
    [InlineData(15, 16)]
    [InlineData(31, 255)]
    public void A_value_above_the_largest_is_never_cut(int most, int value)
    {
        GroupedType liar = new() { MaxValue = most, Value = place => place == 77 ? value : 3, Group = _ => (1, 4) };
        using InlineWorkTeam team = new(1);
        WeightTensor weight = Tensor(4, 64);
        WeightTensor? written = new Transcoder(team, _arena).TryTranscode(weight, new AffineSource(weight, liar), out _);
        if (written is not null)
            Assert.Equal(Dequantized(liar, weight), Dequantized(Quantizations.With().Find(written.Quantization)!, written));
        else
            Assert.True(value > 15);
    }

    [Fact]
    public void Groups_of_sixteen_are_left()
    {
        using InlineWorkTeam team = new(1);
        WeightTensor weight = Tensor(4, 64);
        Assert.Null(new Transcoder(team, _arena).TryTranscode(weight, new AffineSource(weight, new GroupedType { GroupSize = 16 }), out string why));
        Assert.Equal("groups of 16 columns", why);
    }

    [Fact]
    public void What_unpacking_throws_comes_through()
    {
        GroupedType broken = new() { Value = place => place < 4000 ? 1 : throw new InvalidDataException("broken") };
        using InlineWorkTeam team = new(2);
        WeightTensor weight = Tensor(64, 1024);
        Assert.Equal("broken", Assert.Throws<InvalidDataException>(() => new Transcoder(team, _arena).TryTranscode(weight, new AffineSource(weight, broken), out _)).Message);
    }

    [Fact]
    public void What_is_given_back_is_free()
    {
        using InlineWorkTeam team = new(1);
        Transcoder transcoder = new(team, _arena);
        WeightTensor weight = Tensor(4, 64), written = transcoder.TryTranscode(weight, new AffineSource(weight, new GroupedType { MaxValue = 7, Value = _ => 7 }), out _)!;
        Assert.Equal((1, 4L * 2 * 18), (transcoder.Count, transcoder.Bytes));
        Assert.True(_arena.Bytes > 0);
        transcoder.GiveBack(written);
        Assert.Equal((0, 0L, 0L), (transcoder.Count, transcoder.Bytes, _arena.Bytes));
    }

    private static (float Scale, float Minimum) Of(long group, float zero, bool half)
    {
        float scale = (float)(Half)(0.01f * (1 + group % 97)) * (group % 3 == 0 ? -1 : 1);
        return (scale, half ? (float)(Half)(zero * scale) : zero * scale);
    }

    private static WeightTensor Tensor(int rows, int columns) => new() { Name = "made", Shape = [rows, columns], Quantization = "grouped", Parts = [] };

    private void Same(GroupedType grouped, WeightTensor weight, string type, int lanes)
    {
        using InlineWorkTeam team = new(lanes);
        WeightTensor? written = new Transcoder(team, _arena).TryTranscode(weight, new AffineSource(weight, grouped), out string why);
        Assert.True(written is not null, why);
        Assert.Equal((type, weight.Name), (written.Quantization, written.Name));
        IQuantization stored = Quantizations.With().Find(type)!;
        stored.Validate(written);
        Assert.Equal(Dequantized(grouped, weight), Dequantized(stored, written));
    }

    private static float[] Dequantized(IQuantization type, WeightTensor weight)
    {
        float[] values = new float[weight.Rows * weight.Columns];
        type.Dequantize(weight, 0, (int)weight.Rows, values);
        // A zero has no sign here.
        return [.. values.Select(v => v + 0f)];
    }

    private sealed unsafe class Recording(GroupedType type, List<(long First, int Count)> parts) : IAffineUnpack
    {
        public int GroupSize => type.GroupSize;

        public int MaxValue => 7;

        public int RowsTogether => type.RowsTogether;

        public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
        {
            parts.Add((firstRow, rowCount));
            type.Unpack(weight, firstRow, rowCount, values, scales, minimums);
        }
    }
}
