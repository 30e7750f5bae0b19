using System.Runtime.InteropServices;

namespace Tessera.Quant.Common.Tests;

/// <summary>Small floats, and levels from a table, against their definitions.</summary>
public unsafe class FloatTests
{
    private static readonly float[] E2M1 = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    [Fact]
    public void Mx_scales_are_powers_of_two_and_the_least_is_subnormal()
    {
        byte[] data = [.. Enumerable.Range(0, 64).Select(i => (byte)(i * 7))], scales = [0, 127, 130, 1];
        using Weight weight = new("mx_fp4", [2, 64], [("data", data), ("scales", scales)]);
        float[] values = weight.Values();
        Assert.Equal(Enumerable.Range(0, 128).Select(i => (float)(E2M1[data[i / 2] >> i % 2 * 4 & 15] * Math.Pow(2, scales[i / 32] - 127))), values);
        Assert.True(float.IsSubnormal(values[..32].Where(v => v != 0).Min(MathF.Abs)));
        Near(values, weight.Unpacked());
        using Weight nan = new("mx_fp4", [1, 32], [("data", data[..16]), ("scales", [255])]);
        Assert.All(nan.Values(), v => Assert.True(float.IsNaN(v)));
    }

    [Theory]
    [InlineData(0f), InlineData(3.7f)]
    public void Nv_scales_are_divided(float divisor)
    {
        byte[] data = [.. Enumerable.Range(0, 48).Select(i => (byte)(i * 11))], scales = [0x00, 0x01, 0x38, 0x7e, 0xb9, 0x44];
        float[] e4m3 = [0, 1 / 512f, 1, 448, -1.125f, 3];
        (string, byte[])[] parts = [("data", data), ("scales", scales)];
        using Weight weight = new("nv_fp4", [2, 48], divisor == 0 ? parts : [.. parts, ("divisor", Weight.Bytes(divisor))]);
        float[] values = weight.Values();
        Assert.Equal(Enumerable.Range(0, 96).Select(i => E2M1[data[i / 2] >> i % 2 * 4 & 15] * (e4m3[i / 16] / (divisor == 0 ? 1 : divisor))), values);
        Near(values, weight.Unpacked());
    }

    [Theory]
    [InlineData(3, 100, 64, false), InlineData(3, 101, 64, true), InlineData(2, 256, 128, true), InlineData(5, 33, 32, false), InlineData(1, 15, 64, true)]
    public void Blocks_of_four_bits_run_on_across_rows(int rows, int columns, int block, bool nested)
    {
        int values = rows * columns, blocks = (values + block - 1) / block;
        int[] codes = [.. Enumerable.Range(0, values).Select(i => (i * 7 + i / 16) % 16)];
        byte[] data = [.. Enumerable.Range(0, (values + 1) / 2).Select(i => (byte)(codes[2 * i] << 4 | (2 * i + 1 < values ? codes[2 * i + 1] : 0)))];
        float[] levels = [.. Enumerable.Range(0, 16).Select(i => MathF.Sin(i * 5) * 2)], nestedLevels = [.. Enumerable.Range(0, 256).Select(i => MathF.Cos(i))], nestedMagnitudes = [0.7f, 0.3f, 11];
        byte[] magnitudeCodes = [.. Enumerable.Range(0, blocks).Select(i => (byte)(i * 91))];
        float[] magnitudes = [.. Enumerable.Range(0, blocks).Select(i =>
        {
            float product = nestedLevels[magnitudeCodes[i]] * nestedMagnitudes[i / 2];
            return nested ? product + 0.125f : i + 0.3f;
        })];
        (string, byte[])[] parts = nested
            ? [("data", data), ("levels", Weight.Bytes(levels)), ("magnitudes", magnitudeCodes), ("nested_levels", Weight.Bytes(nestedLevels)), ("nested_magnitudes", Weight.Bytes(nestedMagnitudes[..((blocks + 1) / 2)]))]
            : [("data", data), ("levels", Weight.Bytes(levels)), ("magnitudes", Weight.Bytes(magnitudes))];
        (string, string)[] parameters = nested ? [("block", $"{block}"), ("nested_block", "2"), ("nested_offset", "0.125")] : [("block", $"{block}")];
        using Weight weight = new("bnb_nf4", [rows, columns], parts, parameters);
        float[] expected = [.. codes.Select((code, i) => levels[code] * magnitudes[i / block])];
        Assert.Equal(expected, weight.Values());
        Dot(weight, expected);
    }

    private static void Near(float[] expected, double[] found)
    {
        double most = expected.Max(MathF.Abs);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * most));
    }

    private static void Dot(Weight weight, float[] values)
    {
        int rows = (int)weight.Tensor.Rows, columns = (int)weight.Tensor.Columns;
        float[] x = [.. Enumerable.Range(0, columns).Select(i => MathF.Sin(i * i + 1))], found = new float[rows];
        IRowDot dot = (IRowDot)Types.Get(weight.Tensor.Quantization);
        byte* prepared = (byte*)NativeMemory.AlignedAlloc((nuint)dot.PreparedBytes(columns), 64);
        fixed (float* activations = x, output = found)
        {
            dot.Prepare(activations, columns, prepared);
            dot.Dot(weight.Tensor, 0, rows, prepared, output);
        }
        NativeMemory.AlignedFree(prepared);
        for (int row = 0; row < rows; row++)
        {
            double expected = 0, magnitude = 0;
            for (int i = 0; i < columns; i++)
                (expected, magnitude) = (expected + (double)values[row * columns + i] * x[i], magnitude + Math.Abs((double)values[row * columns + i] * x[i]));
            Assert.Equal(expected, found[row], 1e-5 * magnitude);
        }
    }
}
