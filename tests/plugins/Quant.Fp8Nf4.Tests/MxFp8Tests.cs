using System.Runtime.InteropServices;

namespace Tessera.Quant.Fp8Nf4.Tests;

public unsafe class MxFp8Tests
{
    [Theory]
    [InlineData(3, 32), InlineData(5, 96), InlineData(2, 4096)]
    public void Values_are_E4M3_times_a_power_of_two_for_each_32_columns(int rows, int columns)
    {
        byte[] data = [.. Enumerable.Range(0, rows * columns).Select(i => (byte)(i * 89 % 127 | i << 7))], scales = [.. Enumerable.Range(0, rows * columns / 32).Select(i => (byte)(i == 1 ? 0 : 110 + i * 7 % 30))];
        using Weight plain = new("f8_e4m3", [rows, columns], data), weight = new("mx_fp8", [rows, columns], data, scales);
        float[] expected = [.. plain.Values().Select((v, i) => (float)(v * Math.Pow(2, scales[i / 32] - 127)))], found = weight.Values();
        Assert.Equal(expected, found);
        float[] x = [.. Enumerable.Range(0, columns).Select(i => MathF.Sin(i * i + 1))], dots = new float[rows];
        IRowDot dot = (IRowDot)Types.Get("mx_fp8");
        byte* prepared = (byte*)NativeMemory.AlignedAlloc((nuint)dot.PreparedBytes(columns), 64);
        fixed (float* activations = x, output = dots)
        {
            dot.Prepare(activations, columns, prepared);
            dot.Dot(weight.Tensor, 0, 1, prepared, output);
            dot.Dot(weight.Tensor, 1, rows - 1, prepared, output + 1);
        }
        NativeMemory.AlignedFree(prepared);
        for (int row = 0; row < rows; row++)
        {
            double sum = 0, magnitude = 0;
            for (int i = 0; i < columns; i++)
                (sum, magnitude) = (sum + (double)expected[row * columns + i] * x[i], magnitude + Math.Abs((double)expected[row * columns + i] * x[i]));
            Assert.Equal(sum, dots[row], 1e-5 * magnitude);
        }
    }

    [Fact]
    public void An_exponent_of_all_ones_is_not_a_number()
    {
        using Weight weight = new("mx_fp8", [1, 32], new byte[32], [255]);
        Assert.All(weight.Values(), v => Assert.True(float.IsNaN(v)));
    }

    [Theory]
    [InlineData(33, 1, new long[] { 1, 33 }, "expected rows of a multiple of 32 values, found [1, 33]")]
    [InlineData(63, 2, new long[] { 2, 32 }, "expected at least 64 bytes of data for [2, 32], found 63")]
    [InlineData(64, 1, new long[] { 2, 32 }, "expected at least 2 bytes of scale for [2, 32], found 1")]
    [InlineData(64, 0, new long[] { 2, 32 }, "expected a part named scale, found none")]
    public void What_does_not_fit_is_refused(int data, int scale, long[] shape, string expected)
    {
        using Weight weight = new("mx_fp8", shape, new byte[data], scale == 0 ? null : new byte[scale]);
        Assert.Equal($"mx_fp8: tensor 'w': {expected}", Assert.Throws<ModelFormatException>(() => Types.Get("mx_fp8").Validate(weight.Tensor)).Message);
    }
}
