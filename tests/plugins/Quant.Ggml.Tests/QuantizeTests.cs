namespace Tessera.Quant.Ggml.Tests;

public class QuantizeTests
{
    // Half a step of the coarsest part of each type, for values within ±1.
    [Theory]
    [InlineData("f32", 0)]
    [InlineData("f16", 1.0 / 2048)]
    [InlineData("bf16", 1.0 / 256)]
    [InlineData("q4_0", 0.126)]
    [InlineData("q4_1", 0.068)]
    [InlineData("q5_0", 0.063)]
    [InlineData("q5_1", 0.034)]
    [InlineData("q8_0", 0.0045)]
    [InlineData("q4_k", 0.10)]
    [InlineData("q5_k", 0.06)]
    [InlineData("q6_k", 0.05)]
    [InlineData("q8_1", 0.0045)]
    [InlineData("q2_k", 0.6)]
    [InlineData("q3_k", 0.3)]
    [InlineData("q8_k", 0.0045)]
    [InlineData("iq4_nl", 0.13)]
    [InlineData("iq4_xs", 0.13)]
    [InlineData("tq1_0", 0.51)]
    [InlineData("tq2_0", 0.51)]
    [InlineData("mxfp4", 0.26)]
    [InlineData("nvfp4", 0.18)]
    [InlineData("q1_0", 0.6)]
    [InlineData("q2_0", 0.51)]
    public void Values_come_back_within_the_step_of_the_type(string id, double tolerance)
    {
        (float[] values, float[] back) = RoundTrip(id);
        for (int i = 0; i < values.Length; i++)
            Assert.Equal(values[i], back[i], tolerance);
    }

    // A codebook lacks most points, so single values may be far away.
    [Theory]
    [InlineData("iq2_s", 0.15)]
    [InlineData("iq3_xxs", 0.12)]
    [InlineData("iq3_s", 0.09)]
    public void Values_come_back_near_on_the_whole(string id, double tolerance)
    {
        (float[] values, float[] back) = RoundTrip(id);
        Assert.InRange(Math.Sqrt(values.Zip(back, (a, b) => Math.Pow(a - b, 2)).Average()), 0, tolerance);
    }

    private static (float[] Values, float[] Back) RoundTrip(string id)
    {
        GgmlType type = Types.Get(id);
        IQuantizer quantizer = (IQuantizer)type;
        Random random = new(11);
        float[] values = new float[2048], back = new float[2048];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() * 2 - 1;
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        using NativeWeight weight = new(id, bytes, values.Length);
        type.Validate(weight.Tensor);
        type.Dequantize(weight.Tensor, 0, 1, back);
        return (values, back);
    }

    [Theory, MemberData(nameof(Types.QuantizableIds), MemberType = typeof(Types))]
    public void Values_that_no_scale_fits_still_give_blocks_that_read(string id)
    {
        GgmlType type = Types.Get(id);
        IQuantizer quantizer = (IQuantizer)type;
        float[] odd = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -float.MaxValue, float.Epsilon, -0f, 1];
        float[] values = new float[(odd.Length + 1) * 256], back = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = i / 256 < odd.Length ? odd[i / 256] * (i % 3) : odd[i % odd.Length];
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        using NativeWeight weight = new(id, bytes, values.Length);
        type.Dequantize(weight.Tensor, 0, 1, back);
        // The block of 0, 1 and 2 is not touched by its odd neighbours.
        Assert.All(back[(7 * 256)..(8 * 256)], value => Assert.InRange(value, -1.5f, 4.5f));
    }

    [Fact]
    public void Counts_and_lengths_are_checked()
    {
        IQuantizer quantizer = (IQuantizer)Types.Get("q4_k");
        ArgumentException error = Assert.Throws<ArgumentException>(() => quantizer.QuantizedBytes(100));
        Assert.Contains("q4_k: expected a multiple of 256 values, found 100", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => quantizer.Quantize(new float[256], new byte[143]));
    }
}
