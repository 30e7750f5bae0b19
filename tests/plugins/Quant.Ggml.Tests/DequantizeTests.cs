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
    [InlineData("q4_0", "003c f0 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00", new double[] { 0, -8, 16, 7, 1, -8, 17, -7 })]
    [InlineData("q4_1", "003c 00c0 f0 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00", new double[] { 0, -2, 16, 13, 1, -2, 17, -1 })]
    [InlineData("q5_0", "003c 0100 0300 f0 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00", new double[] { 0, 0, 16, 15, 1, -16, 17, 1 })]
    [InlineData("q5_1", "003c 0040 0100 0300 f0 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00", new double[] { 0, 18, 16, 33, 1, 2, 17, 19 })]
    [InlineData("q8_0", "0038 80 7f 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02", new double[] { 0, -64, 1, 63.5, 31, 1, 2, 0 })]
    public void A_block_written_by_hand_has_the_values_of_the_format(string id, string hex, double[] indexValuePairs)
    {
        GgmlType type = Types.Get(id);
        using NativeWeight weight = new(id, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), 32);
        type.Validate(weight.Tensor);
        float[] values = new float[32];
        type.Dequantize(weight.Tensor, 0, 1, values);
        for (int i = 0; i < indexValuePairs.Length; i += 2)
            Assert.Equal(indexValuePairs[i + 1], values[(int)indexValuePairs[i]]);
    }

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

    /// <summary>Quantized uniform values, so that every scale is sane.</summary>
    private static NativeWeight RandomWeight(GgmlType type, int rows, int blocksOfRow)
    {
        Random random = new(type.Id.Length + type.BlockBytes);
        float[] values = new float[rows * blocksOfRow * type.BlockSize];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() * 2 - 0.7f;
        IQuantizer quantizer = (IQuantizer)type;
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        return new NativeWeight(type.Id, bytes, rows, blocksOfRow * type.BlockSize);
    }
}
