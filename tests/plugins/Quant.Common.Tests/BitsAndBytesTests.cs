namespace Tessera.Quant.Common.Tests;

/// <summary>Four bits of bitsandbytes: blocks of the flattened matrix, whose magnitudes are quantized themselves.</summary>
public unsafe class BitsAndBytesTests
{
    private const float Offset = 0.0625f;

    [Theory]
    [InlineData("bnb_fp4", 6, 64, 64, 2), InlineData("bnb_nf4", 5, 45, 64, 3), InlineData("bnb_fp4", 3, 96, 32, 256), InlineData("bnb_fp4", 1, 7, 64, 1), InlineData("bnb_nf4", 8, 96, 64, 5)]
    public void Magnitudes_of_both_kinds_may_be_levels_too(string id, int rows, int columns, int block, int nestedBlock)
    {
        Random random = new(rows);
        int count = rows * columns, blocks = (count + block - 1) / block;
        byte[] data = new byte[(count + 1) / 2], codes = new byte[blocks];
        random.NextBytes(data);
        random.NextBytes(codes);
        float[] Floats(int length) => [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
        float[] levels = Floats(16), nestedLevels = Floats(256), nested = Floats((blocks + nestedBlock - 1) / nestedBlock);
        using Weight weight = new(
            id, [rows, columns],
            [("data", data), ("levels", Weight.Bytes(levels)), ("magnitudes", codes), ("nested_levels", Weight.Bytes(nestedLevels)), ("nested_magnitudes", Weight.Bytes(nested))],
            ("block", $"{block}"), ("nested_block", $"{nestedBlock}"), ("nested_offset", "0.0625"));
        float Value(int i)
        {
            float product = nestedLevels[codes[i / block]] * nested[i / block / nestedBlock];
            float magnitude = product + Offset;
            return levels[i % 2 == 0 ? data[i / 2] >> 4 : data[i / 2] & 15] * magnitude;
        }
        float[] expected = [.. Enumerable.Range(0, count).Select(Value)];
        Assert.Equal(expected, weight.Values());

        float[] x = Floats(columns), found = new float[rows];
        fixed (float* activations = x, products = found)
            ((IRowDot)Types.Get(id)).Dot(weight.Tensor, 0, rows, (byte*)activations, products);
        for (int row = 0; row < rows; row++)
        {
            double[] terms = [.. Enumerable.Range(0, columns).Select(i => (double)expected[row * columns + i] * x[i])];
            Assert.Equal(terms.Sum(), found[row], 1e-5 * terms.Sum(Math.Abs));
        }
    }
}
