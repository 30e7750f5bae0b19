using Tessera.Quant.Common;

namespace Tessera.Quant.Mx;

/// <summary>E2M1 values times a power of two for each 32 columns. Parts: <c>data</c>, half a byte for each value; <c>scales</c>, the powers' exponents plus 127 in a byte, 255 for NaN.</summary>
/// <remarks>https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf</remarks>
internal sealed unsafe class MxFp4 : IQuantization, IAffineUnpack
{
    private const string Data = "data", Scales = "scales";
    private const int Group = 32;

    public string Id => "mx_fp4";

    public int BlockSize => Group;

    public int GroupSize => Group;

    public int MaxValue => 2 * E2M1.Zero;

    public void Validate(WeightTensor weight)
    {
        TensorCheck check = new(Id, weight, Group, [Data, Scales]);
        check.Part(Data, check.Values / 2);
        check.Part(Scales, check.Values / Group);
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        long groups = weight.Columns / Group, index = firstRow * groups;
        byte* source = weight.Data(Data) + index * Group / 2, scales = weight.Data(Scales);
        fixed (float* start = destination)
        {
            float* to = start;
            for (long end = index + rowCount * groups; index < end; index++, source += Group / 2, to += Group)
                E2M1.Dequantize(source, Group, SmallFloats.E8M0(scales[index]), to);
        }
    }

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        long groups = weight.Columns / Group, first = firstRow * groups, count = rowCount * groups;
        E2M1.Unpack(weight.Data(Data) + first * Group / 2, count * Group, values);
        byte* exponents = weight.Data(Scales) + first;
        for (long i = 0; i < count; i++)
        {
            scales[i] = SmallFloats.E8M0(exponents[i]) / 2;
            minimums[i] = E2M1.Zero * scales[i];
        }
    }
}
