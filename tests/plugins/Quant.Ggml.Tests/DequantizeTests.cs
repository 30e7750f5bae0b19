using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml.Tests;

/// <summary>What the types mean, without the reference data.</summary>
public class DequantizeTests
{
    [Fact]
    public void Every_half_converts_exactly()
    {
        byte[] halves = new byte[2 * 65536];
        for (int i = 0; i < 65536; i++)
            BitConverter.TryWriteBytes(halves.AsSpan(2 * i), (ushort)i);
        using NativeWeight weight = new("f16", halves, 65536);
        float[] vector = new float[65536];
        Types.Get("f16").Dequantize(weight.Tensor, 0, 1, vector);
        for (int i = 0; i < 65536; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            Assert.Equal(float.IsNaN(expected), float.IsNaN(vector[i]));
            if (float.IsNaN(expected))
                continue;
            Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(vector[i]));
            Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(HalfFloat.ToSingle((ushort)i)));
        }
    }

    [Theory]
    [InlineData("q4_0", "003c f0 10 *14", new double[] { 0, -8, 16, 7, 1, -8, 17, -7 })]
    [InlineData("q4_1", "003c 00c0 f0 10 *14", new double[] { 0, -2, 16, 13, 1, -2, 17, -1 })]
    [InlineData("q5_0", "003c 0100 0300 f0 10 *14", new double[] { 0, 0, 16, 15, 1, -16, 17, 1 })]
    [InlineData("q5_1", "003c 0040 0100 0300 f0 10 *14", new double[] { 0, 18, 16, 33, 1, 2, 17, 19 })]
    [InlineData("q8_0", "0038 80 7f *29 02", new double[] { 0, -64, 1, 63.5, 31, 1, 2, 0 })]
    [InlineData("q8_1", "003c 0000 80 7f *30", new double[] { 0, -128, 1, 127, 2, 0 })]
    [InlineData("q1_0", "0040 05 *15", new double[] { 0, 2, 1, -2, 2, 2, 127, -2 })]
    [InlineData("q2_0", "003c e4 *15", new double[] { 0, -1, 1, 0, 2, 1, 3, 2, 4, -1 })]
    [InlineData("tq2_0", "09 *63 003c", new double[] { 0, 0, 32, 1, 64, -1, 96, -1, 128, -1 })]
    [InlineData("mxfp4", "80 7f *15", new double[] { 0, -12, 16, 12, 1, 0 })]
    [InlineData("nvfp4", "38 40 00 00 72 *7 07 *23", new double[] { 0, 1, 8, 6, 16, 12, 24, 0 })]
    [InlineData("iq4_nl", "003c f0 88 *14", new double[] { 0, -127, 16, 113, 1, 1, 17, 1, 2, -127 })]
    [InlineData("q2_k", "21 *15 03 *63 003c 0038", new double[] { 0, 2, 1, -1, 16, 0 })]
    [InlineData("q3_k", "01 *31 02 *63 01 *7 02 000000 003c", new double[] { 0, 2, 1, -4, 16, 128, 32, 128 })]
    [InlineData("q8_k", "0000003f 80 7f *286", new double[] { 0, -64, 1, 63.5, 2, 0 })]
    [InlineData("iq2_xxs", "003c 01000000 01000010 *56", new double[] { 0, -16.125, 1, 3, 7, -3, 8, 3 })]
    [InlineData("iq2_xs", "003c 0102 *62 01 *7", new double[] { 0, -16.125, 1, 3, 7, -3, 16, 1 })]
    [InlineData("iq2_s", "003c 01 *31 01 *39 01 *7", new double[] { 0, -16.125, 1, 3, 7, 3, 16, 1 })]
    [InlineData("iq3_s", "003c 01 *71 03 *31 01 000000", new double[] { 0, -9, 1, -3, 2, 3, 32, 1 })]
    [InlineData("iq3_xxs", "003c 01 *63 01000010 *28", new double[] { 0, -15.0, 1, 3.0, 7, -3, 32, 1 })]
    [InlineData("iq1_s", "003c 01 *31 0090 *14", new double[] { 0, 2.625, 7, -3.375, 32, -0.875 })]
    [InlineData("iq1_m", "01 *31 08 *15 0100 0000 00c0 0030", new double[] { 0, 2.625, 7, -3.375, 8, -2.625, 16, -0.875 })]
    [InlineData("iq4_xs", "003c 0200 01 000000 f0 *127", new double[] { 0, -127, 16, 113, 32, 4064 })]
    [InlineData("tq1_0", "ff *51 003c", new double[] { 0, 1, 32, 1, 128, 1, 1, -1, 240, -1 })]
    public void A_block_written_by_hand_has_the_values_of_the_format(string id, string hex, double[] indexValuePairs)
    {
        GgmlType type = Types.Get(id);
        using NativeWeight weight = new(id, Bytes(hex), type.BlockSize);
        type.Validate(weight.Tensor);
        float[] values = new float[type.BlockSize];
        type.Dequantize(weight.Tensor, 0, 1, values);
        for (int i = 0; i < indexValuePairs.Length; i += 2)
            Assert.Equal(indexValuePairs[i + 1], values[(int)indexValuePairs[i]]);
    }

    // Bytes in hexadecimal; *n are n zeros.
    private static byte[] Bytes(string text) =>
        [.. text.Split(' ').SelectMany(word => word[0] == '*' ? new byte[int.Parse(word.AsSpan(1))] : Convert.FromHexString(word))];

    [Fact]
    public unsafe void Group_scales_are_packed_and_unpacked()
    {
        Random random = new(3);
        Span<byte> scales = stackalloc byte[8], minimums = stackalloc byte[8];
        byte* packed = stackalloc byte[12];
        for (int round = 0; round < 1000; round++)
        {
            for (int i = 0; i < 8; i++)
                (scales[i], minimums[i]) = ((byte)random.Next(64), (byte)random.Next(64));
            KScales.Write(scales, minimums, packed);
            KScales.Read(packed, out ulong scalesRead, out ulong minimumsRead);
            Assert.Equal(BitConverter.ToUInt64(scales), scalesRead);
            Assert.Equal(BitConverter.ToUInt64(minimums), minimumsRead);
            // The format's own words for the scale 0 and the minimum 4.
            Assert.Equal(scales[0], packed[0] & 63);
            Assert.Equal(minimums[4], packed[8] >> 4 | packed[4] >> 6 << 4);
        }
    }

    [Theory, MemberData(nameof(Types.Ids), MemberType = typeof(Types))]
    public void Rows_are_dequantized_by_range(string id)
    {
        GgmlType type = Types.Get(id);
        using NativeWeight weight = RandomWeight(type, rows: 5, blocksOfRow: 3);
        int columns = (int)weight.Tensor.Columns;
        float[] all = new float[5 * columns], some = new float[2 * columns];
        type.Dequantize(weight.Tensor, 0, 5, all);
        type.Dequantize(weight.Tensor, 2, 2, some);
        Assert.Equal(all[(2 * columns)..(4 * columns)], some);
        Assert.NotEqual(all[..(2 * columns)], some);
        Assert.Throws<ArgumentOutOfRangeException>(() => type.Dequantize(weight.Tensor, 4, 2, some));
        Assert.Throws<ArgumentOutOfRangeException>(() => type.Dequantize(weight.Tensor, 0, 3, some));
    }

    [Theory, MemberData(nameof(Types.AffineIds), MemberType = typeof(Types))]
    public unsafe void Unpack_means_the_same_as_Dequantize(string id)
    {
        GgmlType type = Types.Get(id);
        IAffineUnpack unpack = (IAffineUnpack)type;
        using NativeWeight weight = RandomWeight(type, rows: 4, blocksOfRow: 5);
        int columns = (int)weight.Tensor.Columns, groups = columns / unpack.GroupSize;
        float[] expected = new float[2 * columns], scales = new float[2 * groups], minimums = new float[2 * groups];
        byte[] values = new byte[2 * columns];
        type.Dequantize(weight.Tensor, 1, 2, expected);
        fixed (byte* v = values)
        fixed (float* s = scales, m = minimums)
            unpack.Unpack(weight.Tensor, 1, 2, v, s, m);
        for (int i = 0; i < expected.Length; i++)
        {
            double scale = scales[i / unpack.GroupSize], minimum = minimums[i / unpack.GroupSize];
            Assert.InRange(values[i], 0, unpack.MaxValue);
            Assert.Equal(expected[i], scale * values[i] - minimum, 1e-6 * (Math.Abs(scale * values[i]) + Math.Abs(minimum)));
        }
    }

    /// <summary>Random blocks with a sane scale.</summary>
    private static NativeWeight RandomWeight(GgmlType type, int rows, int blocksOfRow)
    {
        Random random = new(type.Id.Length + type.BlockBytes);
        int count = rows * blocksOfRow * type.BlockSize;
        if (type is not IQuantizer quantizer)
            return new NativeWeight(type.Id, RandomBlocks(type, random, rows * blocksOfRow), rows, blocksOfRow * type.BlockSize);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() * 2 - 0.7f;
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        return new NativeWeight(type.Id, bytes, rows, blocksOfRow * type.BlockSize);
    }

    // Every code of the types without a quantizer is valid. A half below 2 leads the block, but IQ1_M has the nibbles of its scale elsewhere.
    private static byte[] RandomBlocks(GgmlType type, Random random, int blocks)
    {
        byte[] bytes = new byte[blocks * type.BlockBytes];
        random.NextBytes(bytes);
        int topOfScale = type.Id == "iq1_m" ? type.BlockBytes - 1 : 1;
        for (int i = topOfScale; i < bytes.Length; i += type.BlockBytes)
            bytes[i] = (byte)(bytes[i] & 0x8f | 0x30);
        return bytes;
    }
}
