using Tessera.Quant.Common;

namespace Tessera.Quant.Mlx;

/// <summary>
/// scale · q + bias with unsigned integers q, as <c>mx.quantize</c> stores them. Parts: <c>data</c>, a row's integers as a little-endian bit stream; <c>scales</c> and
/// <c>biases</c>, one of each for every <c>group</c> columns, row-major, stored as the parameter <c>scale_type</c> says.
/// </summary>
internal sealed unsafe class MlxAffine(int bits) : IQuantization, IAffineUnpack
{
    private const string Data = "data", Scales = "scales", Biases = "biases", Group = "group", ScaleType = "scale_type";
    private const int Unit = 32;

    public string Id { get; } = $"mlx_affine{bits}";

    public int BlockSize => Unit;

    public int GroupSize => Unit;

    public int MaxValue { get; } = (1 << bits) - 1;

    public void Validate(WeightTensor weight)
    {
        TensorCheck check = new(Id, weight, Unit, [Data, Scales, Biases]);
        int group = check.Number(Group), size = check.Floats(ScaleType).Size();
        if (group % Unit != 0 || weight.Columns % group != 0)
            throw check.Refused($"parameter {Group} a multiple of {Unit} that divides the row length", $"{group} for {weight.ShapeText}");
        check.Part(Data, (Int128)check.Values * bits / 8);
        check.Part(Scales, check.Values / group * size);
        check.Part(Biases, check.Values / group * size);
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        FloatArray scales = FloatArray.Of(weight, Scales, ScaleType), biases = FloatArray.Of(weight, Biases, ScaleType);
        long index = firstRow * GroupsOf(weight, out int group), count = rowCount * (weight.Columns / group);
        byte* source = weight.Data(Data) + firstRow * weight.Columns * bits / 8, values = stackalloc byte[Unit];
        fixed (float* start = destination)
        {
            float* to = start;
            for (long end = index + count; index < end; index++)
            {
                float scale = scales[index], bias = biases[index];
                for (int i = 0; i < group; i += Unit, source += Unit / 8 * bits, to += Unit)
                {
                    BitStream.Unpack(source, bits, Unit, values);
                    ByteValues.MultiplyAdd(values, Unit, scale, bias, to);
                }
            }
        }
    }

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        BitStream.Unpack(weight.Data(Data) + firstRow * weight.Columns * bits / 8, bits, rowCount * weight.Columns, values);
        long groups = GroupsOf(weight, out int group), first = firstRow * groups, count = rowCount * groups;
        int times = group / Unit;
        FloatArray.Of(weight, Scales, ScaleType).Read(first, count, scales + (times - 1) * count);
        FloatArray.Repeat(scales, count, times);
        float* last = minimums + (times - 1) * count;
        FloatArray.Of(weight, Biases, ScaleType).Read(first, count, last);
        ByteValues.Negate(last, count);
        FloatArray.Repeat(minimums, count, times);
    }

    // Groups of a row; of a validated tensor its scales tell.
    private static long GroupsOf(WeightTensor weight, out int group)
    {
        int size = weight.Parameters[ScaleType] == "f32" ? 4 : 2;
        long groups = weight.Find(Scales)!.Length / size / weight.Rows;
        group = (int)(weight.Columns / groups);
        return groups;
    }
}
