namespace Tessera.Quant.Fp8Nf4.Tests;

public class ValidateTests
{
    [Theory]
    [InlineData("f8_e4m3", 5, 0, new long[] { 2, 3 }, "", "expected at least 6 bytes of data for [2, 3], found 5")]
    [InlineData("f8_e5m2", 6, 5, new long[] { 2, 3 }, "", "expected 4 bytes of scale, or 8 for 2 rows, found 5")]
    [InlineData("f8_e5m2", 6, 4, new long[] { 2, 3 }, "scale_rows=2", "expected parameters scale_rows and scale_columns together, found 2 and 0")]
    [InlineData("f8_e5m2", 6, 4, new long[] { 2, 3 }, "scale_rows=2 scale_columns=20", "expected parameter scale_columns a multiple of 64, found 20")]
    [InlineData("f8_e5m2", 6, 4, new long[] { 2, 3 }, "scale_rows=-2 scale_columns=64", "expected parameter scale_rows of at least 1, found '-2'")]
    [InlineData("f8_e5m2", 6, 4, new long[] { 2, 3 }, "scale_type=f64", "expected parameter scale_type f32, bf16 or f16, found 'f64'")]
    [InlineData("f8_e4m3", 64, 16, new long[] { 2, 3, 10 }, "scale_rows=2 scale_columns=64", "expected matrices of a multiple of 2 rows (scale_rows), found [2, 3, 10]")]
    [InlineData("f8_e4m3", 0, 0, new long[] { }, "", "expected rows of a multiple of 1 values, found []")]
    [InlineData("f8_e4m3", 0, 0, new[] { 1L << 40, 1L << 40 }, "", "expected fewer than 2^63 values")]
    [InlineData("nf4", 36, 0, new long[] { 2, 32 }, "", "expected rows of a multiple of 64 values, found [2, 32]")]
    [InlineData("nf4", 71, 0, new long[] { 2, 64 }, "", "expected at least 72 bytes of data for [2, 64], found 71")]
    [InlineData("nf4", 72, 0, new long[] { 2, 64 }, "group=128", "expected parameter group 64 where data holds the magnitudes, found 128")]
    [InlineData("nf4", 64, 8, new long[] { 2, 64 }, "group=100", "expected parameter group a multiple of 64, found 100")]
    [InlineData("nf4", 64, 7, new long[] { 2, 64 }, "", "expected at least 8 bytes of scale for [2, 64], found 7")]
    [InlineData("nf4", 63, 8, new long[] { 2, 64 }, "", "expected at least 64 bytes of data for [2, 64], found 63")]
    public void What_does_not_fit_is_refused(string id, int data, int scale, long[] shape, string parameters, string expected)
    {
        (string, string)[] pairs = [.. parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => (p.Split('=')[0], p.Split('=')[1]))];
        using Weight weight = new(id, shape, new byte[data], scale == 0 ? null : new byte[scale], pairs);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Types.Get(id).Validate(weight.Tensor));
        Assert.StartsWith($"{id}: tensor 'w': {expected}", error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Types.Ids), MemberType = typeof(Types))]
    public void Parts_and_ids_are_checked(string id)
    {
        using Weight weight = new(id, [64], new byte[64]);
        WeightPart data = weight.Tensor.Parts[0];
        foreach (WeightPart[] parts in new WeightPart[][] { [], [data, data], [data with { Name = "scale" }, data], [data with { Name = "x" }] })
        {
            WeightTensor wrong = new() { Name = "w", Shape = [64], Quantization = id, Parts = parts };
            Assert.Contains("expected a part named data, and possibly one named scale behind it", Assert.Throws<ModelFormatException>(() => Types.Get(id).Validate(wrong)).Message, StringComparison.Ordinal);
        }
        using Weight other = new("q4_0", [64], new byte[64]);
        Assert.Contains($"expected quantization {id}, found q4_0", Assert.Throws<ModelFormatException>(() => Types.Get(id).Validate(other.Tensor)).Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Types.Ids), MemberType = typeof(Types))]
    public void Rows_outside_of_the_tensor_are_refused(string id)
    {
        using Weight weight = new(id, [3, 64], new byte[192]);
        float[] values = new float[192];
        Types.Get(id).Dequantize(weight.Tensor, 1, 2, values);
        Assert.Throws<ArgumentOutOfRangeException>(() => Types.Get(id).Dequantize(weight.Tensor, 2, 2, values));
        Assert.Throws<ArgumentOutOfRangeException>(() => Types.Get(id).Dequantize(weight.Tensor, 0, 3, values.AsSpan(1)));
    }
}
