using Tessera.Abstractions;
using Tessera.Abstractions.Formats;

namespace Tessera.Quant.Ggml.Tests;

public class ValidateTests
{
    [Theory]
    [InlineData("q4_0", 36, new long[] { 2, 32 }, null)]
    [InlineData("q4_0", 36, new long[] { 2, 1, 32 }, null)]
    [InlineData("q4_0", 35, new long[] { 2, 32 }, "expected 36 bytes of data for [2, 32], found 35")]
    [InlineData("q4_0", 37, new long[] { 2, 32 }, "expected 36 bytes of data for [2, 32], found 37")]
    [InlineData("q4_0", 36, new long[] { 64, 1 }, "expected rows of a multiple of 32 values, found [64, 1]")]
    [InlineData("q6_k", 210, new long[] { 8, 32 }, "expected rows of a multiple of 256 values, found [8, 32]")]
    [InlineData("f32", 0, new long[] { 0, 32 }, "expected dimensions of at least 1, found [0, 32]")]
    [InlineData("f32", 0, new long[] { }, "expected rows of a multiple of 1 values, found []")]
    [InlineData("f16", 0, new[] { 1L << 40, 1L << 40 }, "expected fewer than 2^63 values")]
    [InlineData("q8_0", 34, new[] { 1L << 57, 32 }, "bytes of data for [144115188075855872, 32], found 34")]
    public void Shape_and_length_are_checked(string id, int bytes, long[] shape, string? expected)
    {
        using NativeWeight weight = new(id, new byte[bytes], shape);
        if (expected is null)
        {
            Types.Get(id).Validate(weight.Tensor);
            return;
        }
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Types.Get(id).Validate(weight.Tensor));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith($"{id}: tensor 'blk.0.test.weight': ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_are_checked()
    {
        using NativeWeight weight = new("f32", new byte[8], 2);
        WeightPart data = weight.Tensor.Parts[0];
        foreach (WeightPart[] parts in new WeightPart[][] { [], [data, data], [data with { Name = "scales" }] })
        {
            WeightTensor wrong = new() { Name = "w", Shape = [2], Quantization = "f32", Parts = parts };
            Assert.Contains("expected one part, named data", Assert.Throws<ModelFormatException>(() => Types.Get("f32").Validate(wrong)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Another_types_tensor_is_refused()
    {
        using NativeWeight weight = new("q4_0", new byte[18], 32);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Types.Get("q4_1").Validate(weight.Tensor));
        Assert.Contains("expected quantization q4_1, found q4_0", error.Message, StringComparison.Ordinal);
    }
}
