namespace Tessera.Quant.Common;

/// <summary>
/// Signed bytes with a scale, and possibly a zero point, for each row, each group of a row or the tensor: scale · (q − zero) / divisor. Parts: <c>data</c>, a byte for each value;
/// <c>scales</c>, row-major, stored as the parameter <c>scale_type</c> says; possibly <c>zeros</c>, a signed byte for each scale.
/// </summary>
/// <param name="id">The type's id.</param>
/// <param name="divisor">What scales are divided by.</param>
public sealed unsafe class SignedBytes(string id, float divisor) : IQuantization, IAffineUnpack
{
    private const string Data = "data", Scales = "scales", Zeros = "zeros", ScaleType = "scale_type";
    private const int Unit = 32, Middle = 128;

    /// <inheritdoc/>
    public string Id => id;

    /// <inheritdoc/>
    public int BlockSize => 1;

    /// <inheritdoc/>
    public int GroupSize => Unit;

    /// <inheritdoc/>
    public int MaxValue => byte.MaxValue;

    /// <inheritdoc/>
    public void Validate(WeightTensor weight)
    {
        TensorCheck check = new(id, weight, 1, [Data, Scales], Zeros);
        int size = check.Floats(ScaleType).Size();
        check.Part(Data, check.Values);
        long scales = weight.Find(Scales)!.Length / size, groups = scales / weight.Rows;
        if (weight.Find(Scales)!.Length % size != 0 || (scales != 1 && (groups < 1 || scales % weight.Rows != 0 || weight.Columns % groups != 0)))
            throw check.Refused($"scales of {size} bytes for each row of {weight.ShapeText}, each of its equal groups, or the tensor", $"{weight.Find(Scales)!.Length} bytes");
        if (weight.Find(Zeros) is not null)
            check.Part(Zeros, scales);
    }

    /// <inheritdoc/>
    public bool CanUnpack(WeightTensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.Columns / GroupsOf(weight, out _) % Unit == 0;
    }

    /// <inheritdoc/>
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        FloatArray scales = FloatArray.Of(weight, Scales, ScaleType);
        sbyte* zeros = weight.Find(Zeros) is { } part ? (sbyte*)part.Data : null;
        long groups = GroupsOf(weight, out bool one), length = weight.Columns / groups, index = firstRow * groups;
        sbyte* source = (sbyte*)weight.Data(Data) + firstRow * weight.Columns;
        byte* raised = stackalloc byte[Unit];
        fixed (float* start = destination)
        {
            float* to = start;
            for (long end = index + rowCount * groups; index < end; index++)
            {
                float scale = scales[one ? 0 : index];
                int zero = Middle + (zeros == null ? 0 : zeros[one ? 0 : index]);
                for (long left = length; left > 0;)
                {
                    int run = (int)Math.Min(left, Unit);
                    ByteValues.Raise(source, run, raised);
                    ByteValues.Multiply(raised, run, zero, scale, to);
                    if (divisor != 1)
                        for (int i = 0; i < run; i++)
                            to[i] /= divisor;
                    left -= run;
                    source += run;
                    to += run;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        ByteValues.Raise((sbyte*)weight.Data(Data) + firstRow * weight.Columns, rowCount * weight.Columns, values);
        sbyte* zeros = weight.Find(Zeros) is { } part ? (sbyte*)part.Data : null;
        long groups = GroupsOf(weight, out bool one), first = firstRow * groups, count = rowCount * groups;
        int times = (int)(weight.Columns / groups / Unit);
        float* lastScales = scales + (times - 1) * count, lastMinimums = minimums + (times - 1) * count;
        FloatArray stored = FloatArray.Of(weight, Scales, ScaleType);
        for (long i = 0; i < count; i++)
        {
            long index = one ? 0 : first + i;
            lastScales[i] = stored[index] / divisor;
            lastMinimums[i] = lastScales[i] * (Middle + (zeros == null ? 0 : zeros[index]));
        }
        FloatArray.Repeat(scales, count, times);
        FloatArray.Repeat(minimums, count, times);
    }

    private static long GroupsOf(WeightTensor weight, out bool one)
    {
        long scales = weight.Find(Scales)!.Length / (weight.Parameters[ScaleType] == "f32" ? 4 : 2);
        one = scales == 1;
        return one ? 1 : scales / weight.Rows;
    }
}
