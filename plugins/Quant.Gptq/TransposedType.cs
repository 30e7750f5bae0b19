using System.Runtime.Intrinsics;
using Tessera.Quant.Common;

namespace Tessera.Quant.Gptq;

/// <summary>
/// scale · (q − zero) with unsigned integers, stored as the transposed matrix. Parts: <c>data</c>, 32-bit words of integers; <c>zeros</c>, words of integers,
/// [groups, rows]; <c>scales</c>, [groups, rows], stored as the parameter <c>scale_type</c> says; possibly <c>group_index</c>, the group of each column. A group is of
/// <c>group</c> columns, the last one possibly shorter.
/// </summary>
internal abstract unsafe class TransposedType(string id, int bits) : IQuantization, IAffineUnpack
{
    protected const string Data = "data", Zeros = "zeros", Scales = "scales", GroupIndexPart = "group_index", Group = "group", ScaleType = "scale_type";

    /// <summary>Columns of a panel.</summary>
    protected const int Unit = 32;

    /// <summary>Rows of a panel.</summary>
    protected const int Lanes = 8;

    public string Id => id;

    /// <summary>Bits of an integer.</summary>
    protected int Bits => bits;

    public abstract int BlockSize { get; }

    public int GroupSize => Unit;

    public int MaxValue { get; } = (1 << bits) - 1;

    // As many as a line of memory holds words of.
    public int RowsTogether => 16;

    /// <summary>Parts that may be there.</summary>
    protected abstract string[] Optional { get; }

    /// <summary>Rows are a multiple of this.</summary>
    protected abstract int RowBlock { get; }

    public virtual void Validate(WeightTensor weight)
    {
        TensorCheck check = new(Id, weight, BlockSize, [Data, Zeros, Scales], Optional);
        int group = check.Number(Group), size = check.Floats(ScaleType).Size();
        if (weight.Shape.Length != 2 || weight.Rows % RowBlock != 0)
            throw check.Refused($"a matrix of a multiple of {RowBlock} rows", weight.ShapeText);
        long groups = (weight.Columns + group - 1) / group;
        check.Part(Data, (Int128)check.Values * bits / 8);
        check.Part(Zeros, (Int128)groups * weight.Rows * bits / 8);
        check.Part(Scales, (Int128)groups * weight.Rows * size);
        GroupIndex.Check(check, weight, GroupIndexPart, groups);
    }

    public bool CanUnpack(WeightTensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        long group = GroupOf(weight);
        return weight.Columns % Unit == 0 && (group >= weight.Columns || (group % Unit == 0 && weight.Columns % group == 0)) && GroupIndex.IsPlain(weight, GroupIndexPart, group);
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        FloatArray scales = FloatArray.Of(weight, Scales, ScaleType);
        byte* zeros = weight.Data(Zeros), panel = stackalloc byte[Lanes * Unit];
        int* index = weight.Find(GroupIndexPart) is { } part ? (int*)part.Data : null;
        long columns = weight.Columns, rows = weight.Rows, size = GroupOf(weight);
        int offset = ZeroOffsetOf(weight);
        fixed (float* start = destination)
            for (long first = firstRow / Lanes * Lanes; first < firstRow + rowCount; first += Lanes)
                for (long column = 0; column < columns; column += Unit)
                {
                    int count = (int)Math.Min(Unit, columns - column);
                    Panel(weight, first, column, count, panel);
                    for (int run = 0, i = 0; i < count; i += run)
                    {
                        run = GroupIndex.Run(index, column + i, columns, size, count - i, out long group);
                        for (long row = Math.Max(first, firstRow); row < Math.Min(first + Lanes, firstRow + rowCount); row++)
                            ByteValues.Multiply(panel + (row - first) * Unit + i, run, Zero(zeros, rows, group, row) + offset, scales[group * rows + row], start + (row - firstRow) * columns + column + i);
                    }
                }
    }

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        byte* panel = stackalloc byte[Lanes * Unit];
        long columns = weight.Columns;
        for (long column = 0; column < columns; column += Unit)
            for (long first = firstRow / Lanes * Lanes; first < firstRow + rowCount; first += Lanes)
            {
                Panel(weight, first, column, Unit, panel);
                Place(panel, first, column, firstRow, rowCount, columns, values);
            }
        Factors(weight, null, firstRow, rowCount, scales, minimums);
    }

    /// <summary>Copies the rows of a panel that are wanted to where their columns go.</summary>
    protected static void Place(byte* panel, long first, long column, long firstRow, int rowCount, long columns, byte* values)
    {
        for (long row = Math.Max(first, firstRow); row < Math.Min(first + Lanes, firstRow + rowCount); row++)
            Vector256.Load(panel + (row - first) * Unit).Store(values + (row - firstRow) * columns + column);
    }

    /// <summary>The scales and minimums of each 32 columns, as they stand or in an order.</summary>
    protected void Factors(WeightTensor weight, int* order, long firstRow, int rowCount, float* scales, float* minimums)
    {
        FloatArray stored = FloatArray.Of(weight, Scales, ScaleType);
        byte* zeros = weight.Data(Zeros);
        int* index = order == null ? null : (int*)weight.Data(GroupIndexPart);
        int offset = ZeroOffsetOf(weight);
        long rows = weight.Rows, units = weight.Columns / Unit, times = order == null ? Math.Min(GroupOf(weight), weight.Columns) / Unit : 1;
        for (long unit = 0; unit < units; unit += times)
        {
            long group = order == null ? unit / times : GroupIndex.Of(index, order[unit * Unit]);
            for (int row = 0; row < rowCount; row++)
            {
                float scale = stored[group * rows + firstRow + row], minimum = scale * (Zero(zeros, rows, group, firstRow + row) + offset);
                for (long i = row * units + unit; i < row * units + unit + times; i++)
                    (scales[i], minimums[i]) = (scale, minimum);
            }
        }
    }

    /// <summary>The integers of up to eight rows and 32 columns, 32 bytes for each row.</summary>
    /// <param name="weight">The tensor.</param>
    /// <param name="row">The first row, a multiple of 8.</param>
    /// <param name="column">The first column, a multiple of 32.</param>
    /// <param name="count">The number of columns.</param>
    /// <param name="panel">Room for 256 bytes.</param>
    protected abstract void Panel(WeightTensor weight, long row, long column, int count, byte* panel);

    /// <summary>The stored zero point of a row's group.</summary>
    protected abstract int Zero(byte* zeros, long rows, long group, long row);

    /// <summary>What is added to stored zero points.</summary>
    protected virtual int ZeroOffsetOf(WeightTensor weight) => 0;

    protected static long GroupOf(WeightTensor weight) => long.Parse(weight.Parameters[Group]);
}
