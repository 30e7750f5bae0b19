namespace Tessera.Quant.Common.Tests;

/// <summary>Parts that do not fit are refused, quickly and by name.</summary>
public class ValidateTests
{
    [Theory]
    [InlineData("mlx_affine4", new long[] { 2, 48 }, "data=48 scales=4 biases=4", "group=32 scale_type=f16", "expected rows of a multiple of 32 values, found [2, 48]")]
    [InlineData("mlx_affine4", new long[] { 2, 64 }, "data=63 scales=8 biases=8", "group=32 scale_type=f16", "expected 64 bytes of data for [2, 64], found 63")]
    [InlineData("mlx_affine4", new long[] { 2, 64 }, "data=64 scales=8 biases=4", "group=32 scale_type=f16", "expected 8 bytes of biases for [2, 64], found 4")]
    [InlineData("mlx_affine4", new long[] { 2, 64 }, "data=64 scales=8", "group=32 scale_type=f16", "expected parts data, scales, biases, found data, scales")]
    [InlineData("mlx_affine4", new long[] { 2, 64 }, "data=64 scales=8 biases=8", "group=48 scale_type=f16", "expected parameter group a multiple of 32 that divides the row length, found 48 for [2, 64]")]
    [InlineData("mlx_affine4", new long[] { 2, 64 }, "data=64 scales=8 biases=8", "group=0 scale_type=f16", "expected parameter group of at least 1, found '0'")]
    [InlineData("mlx_affine4", new long[] { 2, 64 }, "data=64 scales=8 biases=8", "group=32 scale_type=f64", "expected parameter scale_type f32, f16 or bf16, found 'f64'")]
    [InlineData("mlx_affine3", new[] { 1L << 40, 1L << 40 }, "data=1 scales=1 biases=1", "group=32 scale_type=f16", "expected fewer than 2^63 values, found [1099511627776, 1099511627776]")]
    [InlineData("mx_fp4", new long[] { 2, 32 }, "data=32 scales=3", "", "expected 2 bytes of scales for [2, 32], found 3")]
    [InlineData("nv_fp4", new long[] { 2, 32 }, "data=32 scales=4 divisor=8", "", "expected 4 bytes of divisor for [2, 32], found 8")]
    [InlineData("gptq4", new long[] { 12, 64 }, "data=384 zeros=6 scales=24", "group=64 scale_type=f16 zero_offset=1", "expected a matrix of a multiple of 8 rows, found [12, 64]")]
    [InlineData("gptq4", new long[] { 8, 64 }, "data=256 zeros=4 scales=16", "group=64 scale_type=f16 zero_offset=2", "expected parameter zero_offset 0 or 1, found '2'")]
    [InlineData("gptq4", new long[] { 8, 64 }, "data=256 zeros=8 scales=16", "group=64 scale_type=f16 zero_offset=1", "expected 4 bytes of zeros for [8, 64], found 8")]
    [InlineData("gptq4", new long[] { 8, 64 }, "data=256 zeros=4 scales=16 group_index=4", "group=64 scale_type=f16 zero_offset=1", "expected 256 bytes of group_index for [8, 64], found 4")]
    [InlineData("gptq3", new long[] { 32, 48 }, "data=576 zeros=12 scales=64", "group=48 scale_type=f16 zero_offset=1", "expected rows of a multiple of 32 values, found [32, 48]")]
    [InlineData("awq4", new long[] { 8, 64 }, "data=256 zeros=4 scales=16 group_index=256", "group=64 scale_type=f16", "expected parts data, zeros, scales, found data, zeros, scales, group_index")]
    [InlineData("ct_packed4", new long[] { 2, 64 }, "data=64 scales=4 zeros=8", "group=64 scale_type=f16", "expected 4 bytes of zeros for [2, 64], found 8")]
    [InlineData("ct_int8", new long[] { 2, 3 }, "data=6 scales=12", "scale_type=f32", "expected scales of 4 bytes for each row of [2, 3], each of its equal groups, or the tensor, found 12 bytes")]
    [InlineData("ct_int8", new long[] { 2, 3 }, "data=6 scales=16", "scale_type=f32", "expected scales of 4 bytes for each row of [2, 3], each of its equal groups, or the tensor, found 16 bytes")]
    [InlineData("ct_int8", new long[] { 2, 3 }, "data=6 scales=0", "scale_type=f32", "expected scales of 4 bytes for each row of [2, 3], each of its equal groups, or the tensor, found 0 bytes")]
    [InlineData("bnb_nf4", new long[] { 2, 33 }, "data=32 levels=64 magnitudes=8", "block=64", "expected 33 bytes of data for [2, 33], found 32")]
    [InlineData("bnb_nf4", new long[] { 2, 33 }, "data=33 levels=60 magnitudes=8", "block=64", "expected 64 bytes of levels for [2, 33], found 60")]
    [InlineData("bnb_nf4", new long[] { 2, 33 }, "data=33 levels=64 magnitudes=2", "block=64 nested_block=256", "expected parts nested_levels and nested_magnitudes where there is a parameter nested_block, and only there, found data, levels, magnitudes")]
    [InlineData("bnb_nf4", new long[] { 2, 33 }, "data=33 levels=64 magnitudes=2 nested_levels=1024 nested_magnitudes=4", "block=64 nested_block=256 nested_offset=x", "expected parameter nested_offset a number, found 'x'")]
    [InlineData("bnb_fp4", new long[] { 2, 33 }, "data=33 levels=64 magnitudes=8", "block=2147483648", "expected parameter block of at least 1, found '2147483648'")]
    [InlineData("f64", new long[] { 2, 3 }, "data=47", "", "expected 48 bytes of data for [2, 3], found 47")]
    [InlineData("bool", new long[] { 2, 3 }, "data=6 scales=4", "", "expected parts data, found data, scales")]
    [InlineData("bf16_transposed", new long[] { 2, 3 }, "data=11", "", "expected 12 bytes of data for [2, 3], found 11")]
    public void What_does_not_fit_is_refused(string id, long[] shape, string parts, string parameters, string expected)
    {
        using Weight weight = new(id, shape, [.. Pairs(parts).Select(p => (p.Name, new byte[int.Parse(p.Value)]))], [.. Pairs(parameters)]);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Types.Get(id).Validate(weight.Tensor));
        Assert.Equal($"{id}: tensor 'w': {expected}", error.Message);
    }

    [Theory]
    [InlineData(2), InlineData(-1), InlineData(int.MaxValue)]
    public void A_group_that_is_not_there_is_refused(int group)
    {
        int[] index = [.. Enumerable.Repeat(1, 63), group];
        using Weight weight = new("gptq4", [8, 64], [("data", new byte[256]), ("zeros", new byte[8]), ("scales", new byte[32]), ("group_index", Weight.Bytes(index))], ("group", "32"), ("scale_type", "f16"), ("zero_offset", "1"));
        Assert.Equal($"gptq4: tensor 'w': expected group_index from 0 to 1, found {group} for column 63", Assert.Throws<ModelFormatException>(() => Types.Get("gptq4").Validate(weight.Tensor)).Message);
    }

    [Fact]
    public void An_order_of_groups_that_are_no_multiples_of_32_does_not_exist()
    {
        int[] index = [.. Enumerable.Repeat(0, 33), .. Enumerable.Repeat(1, 31)];
        using Weight weight = new("gptq4", [8, 64], [("data", new byte[256]), ("zeros", new byte[8]), ("scales", new byte[32]), ("group_index", Weight.Bytes(index))], ("group", "32"), ("scale_type", "f16"), ("zero_offset", "1"));
        IOrderedUnpack type = (IOrderedUnpack)Types.Get("gptq4");
        weight.Values();
        Assert.False(type.CanUnpack(weight.Tensor));
        Assert.False(type.TryOrder(weight.Tensor, new int[64]));
    }

    [Fact]
    public void Rows_outside_of_the_tensor_are_refused()
    {
        using Weight weight = new("ct_int8", [3, 32], [("data", new byte[96]), ("scales", new byte[12])], ("scale_type", "f32"));
        IQuantization type = Types.Get("ct_int8");
        float[] values = new float[96];
        type.Dequantize(weight.Tensor, 1, 2, values);
        Assert.Throws<ArgumentOutOfRangeException>(() => type.Dequantize(weight.Tensor, 2, 2, values));
        Assert.Throws<ArgumentOutOfRangeException>(() => type.Dequantize(weight.Tensor, 0, 3, values.AsSpan(1)));
    }

    private static IEnumerable<(string Name, string Value)> Pairs(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => (p.Split('=')[0], p.Split('=')[1]));
}
