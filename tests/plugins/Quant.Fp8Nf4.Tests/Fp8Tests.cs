namespace Tessera.Quant.Fp8Nf4.Tests;

public class Fp8Tests
{
    /// <summary>Id, bits of the mantissa, bias, last finite code, infinity's code or -1.</summary>
    public static TheoryData<string, int, int, int, int> Formats => new()
    {
        { "f8_e4m3", 3, 7, 0x7e, -1 },
        { "f8_e5m2", 2, 15, 0x7b, 0x7c },
    };

    [Theory, MemberData(nameof(Formats))]
    public void Every_code_has_its_value_at_every_place(string id, int mantissa, int bias, int last, int infinity)
    {
        const int columns = 256 + 13;
        for (int shift = 0; shift < 64; shift++)
        {
            byte[] codes = [.. Enumerable.Range(0, columns).Select(i => (byte)(i * 5 + shift))];
            using Weight weight = new(id, [columns], codes);
            float[] values = weight.Values();
            for (int i = 0; i < columns; i++)
            {
                double expected = Value(codes[i], mantissa, bias, last, infinity);
                if (double.IsNaN(expected))
                    Assert.True(float.IsNaN(values[i]), $"{codes[i]:x2}: {values[i]}");
                else
                    Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(values[i]));
            }
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void Quantizing_rounds_to_the_nearest_and_halfway_to_the_even_code(string id, int mantissa, int bias, int last, int infinity)
    {
        IQuantizer quantizer = (IQuantizer)Types.Get(id);
        byte Quantize(float value)
        {
            byte[] code = new byte[1];
            quantizer.Quantize([value], code);
            return code[0];
        }
        int checks = 0;
        for (int code = 0; code < last; code++, checks++)
        {
            float low = (float)Value(code, mantissa, bias, last, infinity), high = (float)Value(code + 1, mantissa, bias, last, infinity), half = (low + high) / 2;
            Assert.Equal(code, Quantize(low));
            Assert.Equal(code | 0x80, Quantize(-low));
            Assert.Equal(code + (code & 1), Quantize(half));
            Assert.Equal(code | 0x80, Quantize(-MathF.BitDecrement(half)));
            Assert.Equal(code, Quantize(MathF.BitDecrement(half)));
            Assert.Equal(code + 1, Quantize(MathF.BitIncrement(half)));
        }
        Assert.Equal(last, checks);
        float largest = (float)Value(last, mantissa, bias, last, infinity);
        foreach (float value in new[] { largest, largest * 1.01f, largest * 2, float.MaxValue })
            Assert.Equal((last, last | 0x80), (Quantize(value), Quantize(-value)));
        Assert.Equal(infinity < 0 ? 0x7f : infinity, Quantize(float.PositiveInfinity));
        Assert.Equal(infinity < 0 ? 0xff : infinity | 0x80, Quantize(float.NegativeInfinity));
        Assert.Equal(0x7f, Quantize(float.NaN) & 0x7f);
        Assert.Equal(0, Quantize(float.Epsilon));
    }

    [Fact]
    public void The_ends_of_the_ranges_are_the_specifications()
    {
        using Weight e4m3 = new("f8_e4m3", [5], [0x7e, 0x08, 0x01, 0x80, 0xff]), e5m2 = new("f8_e5m2", [5], [0x7b, 0x04, 0x01, 0xfc, 0x7e]);
        Assert.Equal([448, 0.015625f, 0.001953125f, -0f, float.NaN], e4m3.Values());
        Assert.Equal([57344, 6.103515625e-5f, 1.52587890625e-5f, float.NegativeInfinity, float.NaN], e5m2.Values());
    }

    /// <summary>By the formats' text: (1 + m / 2^M) · 2^(e - bias), or m / 2^M · 2^(1 - bias).</summary>
    private static double Value(int code, int mantissa, int bias, int last, int infinity)
    {
        int magnitude = code & 0x7f, exponent = magnitude >> mantissa;
        double sign = code >= 0x80 ? -1 : 1, fraction = (magnitude & (1 << mantissa) - 1) / Math.Pow(2, mantissa);
        if (magnitude > last)
            return magnitude == infinity ? sign * double.PositiveInfinity : double.NaN;
        return sign * (exponent == 0 ? fraction * Math.Pow(2, 1 - bias) : (1 + fraction) * Math.Pow(2, exponent - bias));
    }
}
