namespace Tessera.Quant.Common.Tests;

/// <summary>Packed integers of every type against their definitions.</summary>
public class PackedTests
{
    [Theory]
    [InlineData(2, 64, 32, 7), InlineData(3, 96, 32, 5), InlineData(4, 256, 64, 3), InlineData(5, 160, 32, 4), InlineData(6, 128, 128, 6), InlineData(8, 192, 64, 5), InlineData(4, 32, 32, 1)]
    public void Mlx_is_a_stream_with_scale_and_bias(int bits, int columns, int group, int rows)
    {
        int[,] q = Packing.Random(rows, columns, 1 << bits, bits);
        int groups = columns / group;
        Half[] scales = Packing.Scales(rows * groups, 1), biases = Packing.Scales(rows * groups, 2);
        byte[] data = [.. Enumerable.Range(0, rows).SelectMany(row => Packing.Stream(Packing.Row(q, row), bits))];
        using Weight weight = new($"mlx_affine{bits}", [rows, columns], [("data", data), ("scales", Weight.Bytes(scales)), ("biases", Weight.Bytes(biases))], ("group", $"{group}"), ("scale_type", "f16"));
        Check(weight, (row, column) =>
        {
            int at = row * groups + column / group;
            float product = (float)scales[at] * q[row, column];
            return product + (float)biases[at];
        });
    }

    [Theory]
    [InlineData(2, 64, 32, 32, 1, false), InlineData(3, 96, 32, 32, 1, false), InlineData(3, 96, 32, 64, 0, true), InlineData(4, 128, 64, 24, 1, false), InlineData(4, 128, 32, 16, 0, true)]
    [InlineData(8, 64, 64, 12, 1, false), InlineData(8, 64, 32, 20, 0, true), InlineData(2, 128, 64, 48, 1, true)]
    public void Gptq_goes_down_the_columns(int bits, int columns, int group, int rows, int offset, bool scattered)
    {
        int groups = columns / group;
        int[,] q = Packing.Random(rows, columns, 1 << bits, bits), zeros = Packing.Random(groups, rows, (1 << bits) - offset, 7);
        Half[] scales = Packing.Scales(rows * groups, 3);
        // A product with an odd number is an order of the columns, as these are powers of two or multiples of 32.
        int[] index = [.. Enumerable.Range(0, columns).Select(i => (scattered ? i * 5 % columns : i) / group)];
        byte[] zeroData = [.. Enumerable.Range(0, groups).SelectMany(g => Packing.Stream(Packing.Row(zeros, g), bits))];
        using Weight weight = new(
            $"gptq{bits}", [rows, columns], [("data", Packing.Down(q, bits)), ("zeros", zeroData), ("scales", Weight.Bytes(scales)), ("group_index", Weight.Bytes(index))],
            ("group", $"{group}"), ("scale_type", "f16"), ("zero_offset", $"{offset}"));
        Check(weight, (row, column) => (float)scales[index[column] * rows + row] * (q[row, column] - (zeros[index[column], row] + offset)));
    }

    [Theory]
    [InlineData(64, 32, 8), InlineData(128, 128, 24), InlineData(160, 32, 72)]
    public void Awq_is_packed_along_the_rows(int columns, int group, int rows)
    {
        int groups = columns / group;
        int[,] q = Packing.Random(rows, columns, 16, rows), zeros = Packing.Random(groups, rows, 16, 7);
        Half[] scales = Packing.Scales(rows * groups, 3);
        using Weight weight = new("awq4", [rows, columns], [("data", Packing.Awq(Packing.Transpose(q))), ("zeros", Packing.Awq(zeros)), ("scales", Weight.Bytes(scales))], ("group", $"{group}"), ("scale_type", "f16"));
        Check(weight, (row, column) => (float)scales[column / group * rows + row] * (q[row, column] - zeros[column / group, row]));
    }

    [Theory]
    [InlineData(4, 96, 32, 7, false, false), InlineData(4, 96, 32, 16, true, false), InlineData(8, 64, 64, 6, true, false), InlineData(8, 64, 32, 5, false, true), InlineData(4, 128, 32, 9, true, true)]
    public void Compressed_tensors_are_packed_along_both_sides(int bits, int columns, int group, int rows, bool asymmetric, bool scattered)
    {
        int groups = columns / group, middle = 1 << bits - 1;
        int[,] q = Packing.Random(rows, columns, 1 << bits, bits), zeros = Packing.Random(groups, rows, 1 << bits, 7);
        float[] scales = [.. Packing.Scales(rows * groups, 3).Select(s => (float)s)];
        int[] index = [.. Enumerable.Range(0, columns).Select(i => (scattered ? i * 5 % columns : i) / group)];
        byte[] data = [.. Enumerable.Range(0, rows).SelectMany(row => Packing.Stream(Packing.Row(q, row), bits))];
        // Zero points of a group go down a column of words, whose last one is filled up.
        int lines = (rows * bits + 31) / 32;
        byte[] words = new byte[lines * groups * 4];
        for (int g = 0; g < groups; g++)
        {
            byte[] stream = [.. Packing.Stream(Packing.Row(zeros, g), bits), .. new byte[4]];
            for (int line = 0; line < lines; line++)
                stream.AsSpan(4 * line, 4).CopyTo(words.AsSpan((line * groups + g) * 4));
        }
        List<(string, byte[])> parts = [("data", data), ("scales", Weight.Bytes(scales))];
        if (asymmetric)
            parts.Add(("zeros", words));
        if (scattered)
            parts.Add(("group_index", Weight.Bytes(index)));
        using Weight weight = new($"ct_packed{bits}", [rows, columns], [.. parts], ("group", $"{group}"), ("scale_type", "f32"));
        Check(weight, (row, column) => scales[row * groups + index[column]] * (q[row, column] - (asymmetric ? zeros[index[column], row] : middle)));
    }

    [Theory]
    [InlineData("ct_int8", 64, 2, true), InlineData("ct_int8", 96, 1, false), InlineData("bnb_int8", 32, 1, false), InlineData("ct_int8", 32, 0, true)]
    public void Signed_bytes_have_a_scale_for_each_group(string id, int columns, int groups, bool asymmetric)
    {
        const int rows = 5;
        int count = groups == 0 ? 1 : rows * groups, length = groups == 0 ? columns : columns / groups;
        sbyte[] q = [.. Enumerable.Range(0, rows * columns).Select(i => (sbyte)(i * 37))], zeros = [.. Enumerable.Range(0, count).Select(i => (sbyte)(i * 29 - 100))];
        float[] scales = [.. Packing.Scales(count, 3).Select(s => (float)s)];
        List<(string, byte[])> parts = [("data", Weight.Bytes(q)), ("scales", Weight.Bytes(scales))];
        if (asymmetric)
            parts.Add(("zeros", Weight.Bytes(zeros)));
        using Weight weight = new(id, [rows, columns], [.. parts], ("scale_type", "f32"));
        Check(weight, (row, column) =>
        {
            int at = groups == 0 ? 0 : row * groups + column / length;
            float product = scales[at] * (q[row * columns + column] - (asymmetric ? zeros[at] : 0));
            return id == "bnb_int8" ? product / 127 : product;
        });
    }

    [Fact]
    public void Rows_of_any_length_are_dequantized_where_they_cannot_be_unpacked()
    {
        sbyte[] q = [.. Enumerable.Range(0, 3 * 45).Select(i => (sbyte)i)];
        using Weight bytes = new("ct_int8", [3, 45], [("data", Weight.Bytes(q)), ("scales", Weight.Bytes(1f, 2f, 3f))], ("scale_type", "f32"));
        Assert.Equal(q.Select((v, i) => v * (1f + i / 45)), bytes.Values());
        Assert.False(((IAffineUnpack)Types.Get("ct_int8")).CanUnpack(bytes.Tensor));
        // A group that is no multiple of 32, and a last one that is shorter.
        int[,] p = Packing.Random(8, 40, 16, 1), zeros = Packing.Random(2, 8, 15, 2);
        using Weight gptq = new("gptq4", [8, 40], [("data", Packing.Down(p, 4)), ("zeros", [.. Packing.Stream(Packing.Row(zeros, 0), 4), .. Packing.Stream(Packing.Row(zeros, 1), 4)]), ("scales", Weight.Bytes(Packing.Scales(16, 1)))],
            ("group", "24"), ("scale_type", "f16"), ("zero_offset", "0"));
        Half[] scales = Packing.Scales(16, 1);
        Assert.Equal(Enumerable.Range(0, 320).Select(i => (float)scales[i % 40 / 24 * 8 + i / 40] * (p[i / 40, i % 40] - zeros[i % 40 / 24, i / 40])), gptq.Values());
        Assert.False(((IAffineUnpack)Types.Get("gptq4")).CanUnpack(gptq.Tensor));
    }

    [Theory]
    [InlineData(2, 64, 24, 16, 1), InlineData(3, 96, 40, 32, 1), InlineData(4, 40, 16, 8, 0), InlineData(4, 136, 56, 24, 1), InlineData(4, 128, 1, 8, 1), InlineData(8, 100, 33, 12, 0)]
    public void Gptq_has_columns_of_any_groups(int bits, int columns, int group, int rows, int offset)
    {
        int groups = (columns + group - 1) / group;
        int[,] q = Packing.Random(rows, columns, 1 << bits, bits), zeros = Packing.Random(groups, rows, (1 << bits) - offset, 7);
        Half[] scales = Packing.Scales(rows * groups, 3);
        // Runs of one column to many: groups of other numbers of columns than the parameter says, scattered; one is left without any.
        Random random = new(columns);
        int[] index = new int[columns];
        for (int column = 0; column < columns;)
            for (int g = random.Next(Math.Max(1, groups - 1)), run = random.Next(1, 12); run > 0 && column < columns; run--)
                index[column++] = g;
        byte[] zeroData = [.. Enumerable.Range(0, groups).SelectMany(g => Packing.Stream(Packing.Row(zeros, g), bits))];
        using Weight weight = new(
            $"gptq{bits}", [rows, columns], [("data", Packing.Down(q, bits)), ("zeros", zeroData), ("scales", Weight.Bytes(scales)), ("group_index", Weight.Bytes(index))],
            ("group", $"{group}"), ("scale_type", "f16"), ("zero_offset", $"{offset}"));
        Assert.Equal(Enumerable.Range(0, rows * columns).Select(i => (float)scales[index[i % columns] * rows + i / columns] * (q[i / columns, i % columns] - (zeros[index[i % columns], i / columns] + offset))), weight.Values());
        Assert.False(((IAffineUnpack)Types.Get($"gptq{bits}")).CanUnpack(weight.Tensor));
        Assert.False(((IOrderedUnpack)Types.Get($"gptq{bits}")).TryOrder(weight.Tensor, new int[columns]));
    }

    private static void Check(Weight weight, Func<int, int, float> definition)
    {
        int columns = (int)weight.Tensor.Columns;
        float[] expected = [.. Enumerable.Range(0, (int)weight.Tensor.Rows * columns).Select(i => definition(i / columns, i % columns))];
        Assert.Equal(expected, weight.Values());
        double[] unpacked = weight.Unpacked();
        double most = expected.Max(MathF.Abs);
        Assert.All(expected.Zip(unpacked), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * most));
    }
}
