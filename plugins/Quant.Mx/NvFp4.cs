using System.Runtime.CompilerServices;
using Tessera.Quant.Common;

namespace Tessera.Quant.Mx;

/// <summary>
/// E2M1 values times an E4M3 scale for each 16 columns. Parts: <c>data</c>, half a byte for each value; <c>scales</c>, a byte for each group; possibly <c>divisor</c>, a float32
/// by which all scales are divided.
/// </summary>
internal sealed unsafe class NvFp4 : IQuantization, IAffineUnpack
{
    private const string Data = "data", Scales = "scales", Divisor = "divisor";
    private const int Group = 16;

    public string Id => "nv_fp4";

    public int BlockSize => Group;

    public int GroupSize => Group;

    public int MaxValue => 2 * E2M1.Zero;

    public void Validate(WeightTensor weight)
    {
        TensorCheck check = new(Id, weight, Group, [Data, Scales], Divisor);
        check.Part(Data, check.Values / 2);
        check.Part(Scales, check.Values / Group);
        if (weight.Find(Divisor) is not null)
            check.Part(Divisor, sizeof(float));
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        long groups = weight.Columns / Group, index = firstRow * groups;
        byte* source = weight.Data(Data) + index * Group / 2, scales = weight.Data(Scales);
        float divisor = DivisorOf(weight);
        fixed (float* start = destination)
        {
            float* to = start;
            for (long end = index + rowCount * groups; index < end; index++, source += Group / 2, to += Group)
                E2M1.Dequantize(source, Group, SmallFloats.E4M3(scales[index]) / divisor, to);
        }
    }

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        long groups = weight.Columns / Group, first = firstRow * groups, count = rowCount * groups;
        E2M1.Unpack(weight.Data(Data) + first * Group / 2, count * Group, values);
        byte* bytes = weight.Data(Scales) + first;
        float divisor = DivisorOf(weight);
        for (long i = 0; i < count; i++)
        {
            scales[i] = SmallFloats.E4M3(bytes[i]) / divisor / 2;
            minimums[i] = E2M1.Zero * scales[i];
        }
    }

    private static float DivisorOf(WeightTensor weight) => weight.Find(Divisor) is { } part ? Unsafe.ReadUnaligned<float>(part.Data) : 1;
}
