using Tessera.Conformance.Checks;

namespace Tessera.Conformance.Tests.Checks;

/// <summary>A quantization's description of its groups is held to its definition.</summary>
public sealed unsafe class DescribedGroupsTests
{
    private static readonly GroupLayout Right = new() { Bits = 4, Bytes = 18, ScaleAt = 0, LowAt = 2, Zero = 8 };

    public static TheoryData<GroupLayout, string> Wrong => new()
    {
        { Right with { LowAt = 1 }, "as described, element " },
        { Right with { ScaleAt = 2 }, "as described, element " },
        { Right with { Zero = 7 }, "as described, element 0 is " },
        { Right with { Bits = 2 }, "as described, element " },
        { Right with { LowAt = 3 }, "its groups leave their bytes: " },
        { Right with { Bytes = 19 }, "groups of 32 up to 15 in 576 bytes of 1 parts; its description takes 608 of one: " },
    };

    [Fact]
    public void A_right_one_passes() => Assert.Null(QuantizationCheck.Problem(new Four(Right)));

    [Theory, MemberData(nameof(Wrong))]
    public void A_wrong_one_is_found(GroupLayout layout, string says) => Assert.StartsWith(says, QuantizationCheck.Problem(new Four(layout)), StringComparison.Ordinal);

    [Fact]
    public void One_that_differs_from_the_plugins_own_unpack_is_found() =>
        Assert.StartsWith("as described, element ", QuantizationCheck.Problem(new WithUnpack(Right with { Zero = 9 })), StringComparison.Ordinal);

    /// <summary>Value = scale · (q − 8), with 16 bytes of nibbles behind the scale.</summary>
    private class Four(GroupLayout layout) : IQuantization, IGroupedUnpack, IQuantizer
    {
        public string Id => "four";

        public int BlockSize => 32;

        public GroupLayout Layout => layout;

        public void Validate(WeightTensor weight) => Assert.Equal(weight.Rows * weight.Columns / 32 * Right.Bytes, weight.Bytes);

        public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                byte* group = weight.Parts[0].Data + (firstRow * weight.Columns + i) / 32 * Right.Bytes;
                destination[i] = (float)*(Half*)group * ((group[2 + i % 16] >> (i % 32 / 16 * 4) & 15) - 8);
            }
        }

        public long QuantizedBytes(long count) => count / 32 * Right.Bytes;

        public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
        {
            destination.Clear();
            for (int i = 0; i < values.Length; i++)
            {
                Span<byte> group = destination.Slice(i / 32 * Right.Bytes, Right.Bytes);
                BitConverter.TryWriteBytes(group, (Half)0.2f);
                group[2 + i % 16] |= (byte)(Math.Clamp((int)MathF.Round(values[i] / 0.2f) + 8, 0, 15) << (i % 32 / 16 * 4));
            }
        }
    }

    /// <summary>Its own unpacking is right, whatever it describes.</summary>
    private sealed class WithUnpack(GroupLayout layout) : Four(layout), IAffineUnpack
    {
        void IAffineUnpack.Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums) =>
            Right.Unpack(weight.Parts[0].Data + firstRow * weight.Columns / 32 * Right.Bytes, (int)(rowCount * weight.Columns / 32), values, scales, minimums);
    }
}
