using System.Runtime.InteropServices;

namespace Tessera.Quant.Fp8Nf4.Tests;

public unsafe class DotTests
{
    /// <summary>Of the sum of the products' magnitudes.</summary>
    private const double Tolerance = 1e-5;

    [Theory, MemberData(nameof(Types.Ids), MemberType = typeof(Types))]
    public void Dot_matches_float64_for_every_code_and_row_length(string id)
    {
        int block = Types.Get(id).BlockSize;
        int[] lengths = [1, 7, 31, 32, 33, 64, 100, 192, 576, 2048, 4096 + 17];
        foreach (int columns in lengths.Where(n => n % block == 0))
        {
            using Weight weight = new(id, [5, columns], Finite(id, 5 * columns, columns));
            Check(weight);
        }
    }

    [Theory]
    [InlineData("f8_e4m3"), InlineData("f8_e5m2")]
    public void Dot_takes_every_form_of_scales(string id)
    {
        byte[] data = Finite(id, 6 * 200, 1);
        float[] four = [0.5f, -2, 1e-20f, 3e5f, 0.25f, 7];
        using Weight none = new(id, [6, 200], data), tensor = new(id, [6, 200], data, Weight.Bytes(0.125f)), rows = new(id, [6, 200], data, Weight.Bytes(four));
        using Weight rectangles = new(id, [6, 200], data, Weight.Bytes([.. Enumerable.Range(1, 7).Select(i => i / 8f)]), ("scale_rows", "4"), ("scale_columns", "64"), ("scale_type", "f32"));
        using Weight wide = new(id, [6, 200], data, Weight.Bytes(0.5f, 4), ("scale_rows", "4"), ("scale_columns", "256"));
        using Weight halves = new(id, [6, 200], data, [.. four.SelectMany(f => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(f) >> 16)))], ("scale_type", "bf16"));
        float[] plain = none.Values();
        Assert.Equal(plain.Select(v => v * 0.125f), tensor.Values());
        Assert.Equal(plain.Select((v, i) => v * four[i / 200]), rows.Values());
        Assert.Equal(plain.Select((v, i) => v * BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(four[i / 200]) & 0xffff0000)), halves.Values());
        Assert.Equal(plain.Select((v, i) => v * (i / 800 == 0 ? 0.5f : 4)), wide.Values());
        Weight[] all = [none, tensor, rows, halves, wide];
        foreach (Weight weight in all)
            Check(weight);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => rectangles.Values());
        Assert.Equal($"{id}: tensor 'w': expected 32 bytes of scale for rectangles of 4 × 64 in [6, 200], found 28", error.Message);
        float[] grid = [.. Enumerable.Range(1, 8).Select(i => i / 8f)];
        using Weight right = new(id, [6, 200], data, Weight.Bytes(grid), ("scale_rows", "4"), ("scale_columns", "64"));
        Assert.Equal(plain.Select((v, i) => v * grid[i / 800 * 4 + i % 200 / 64]), right.Values());
        Check(right);
    }

    [Fact]
    public void A_weight_that_is_not_a_number_makes_its_row_one()
    {
        foreach ((string id, byte code) in new[] { ("f8_e4m3", (byte)0x7f), ("f8_e4m3", (byte)0xff), ("f8_e5m2", (byte)0x7c), ("f8_e5m2", (byte)0x7d) })
        {
            byte[] data = new byte[3 * 70];
            (data[70 + 3], data[140 + 69]) = (code, code);
            using Weight weight = new(id, [3, 70], data);
            float[] found = Dots(weight, [.. Enumerable.Repeat(1f, 70)]);
            Assert.Equal([true, false, false], found.Select(float.IsFinite));
        }
    }

    private static byte[] Finite(string id, int count, int seed)
    {
        Random random = new(seed);
        if (id == "nf4")
        {
            byte[] blocks = new byte[count / 64 * 36];
            random.NextBytes(blocks);
            for (int i = 0; i < blocks.Length; i += 36)
                BitConverter.TryWriteBytes(blocks.AsSpan(i), i % 108 == 0 ? 0 : MathF.Pow(10, random.Next(-42, 5)));
            return blocks;
        }
        int last = id == "f8_e4m3" ? 0x7e : 0x7b;
        return [.. Enumerable.Range(0, count).Select(_ => (byte)(random.Next(last + 1) | random.Next(2) << 7))];
    }

    private static void Check(Weight weight)
    {
        int rows = (int)weight.Tensor.Rows, columns = (int)weight.Tensor.Columns;
        Random random = new(columns);
        float[] x = [.. Enumerable.Range(0, columns).Select(i => (random.NextSingle() - 0.5f) * MathF.Pow(10, i % 5 - 2))];
        float[] values = weight.Values(), found = Dots(weight, x);
        for (int row = 0; row < rows; row++)
        {
            double expected = 0, magnitude = 0;
            for (int i = 0; i < columns; i++)
            {
                expected += (double)values[row * columns + i] * x[i];
                magnitude += Math.Abs((double)values[row * columns + i] * x[i]);
            }
            Assert.True(Math.Abs(found[row] - expected) <= Tolerance * magnitude, $"{weight.Tensor} row {row}: expected {expected}, found {found[row]}, magnitude {magnitude}");
        }
    }

    /// <summary>All rows, in two calls.</summary>
    private static float[] Dots(Weight weight, float[] x)
    {
        IQuantization type = Types.Get(weight.Tensor.Quantization);
        type.Validate(weight.Tensor);
        IRowDot dot = (IRowDot)type;
        int rows = (int)weight.Tensor.Rows;
        float[] result = new float[rows];
        byte* prepared = (byte*)NativeMemory.AlignedAlloc((nuint)dot.PreparedBytes(x.Length), 64);
        // Whatever lay there before is not read.
        new Span<byte>(prepared, dot.PreparedBytes(x.Length)).Fill(0xff);
        fixed (float* activations = x, output = result)
        {
            dot.Prepare(activations, x.Length, prepared);
            dot.Dot(weight.Tensor, 0, 2, prepared, output);
            dot.Dot(weight.Tensor, 2, rows - 2, prepared, output + 2);
        }
        NativeMemory.AlignedFree(prepared);
        return result;
    }
}
