using System.Runtime.CompilerServices;
using Tessera.Quant.Common;

namespace Tessera.Quant.CompressedTensors;

/// <summary>
/// scale · (q − zero) with signed integers, each stored with 2^(bits − 1) added: the format "pack-quantized". Parts: <c>data</c>, a row's integers from the low bits of
/// little-endian words up; <c>scales</c>, one for every <c>group</c> columns (the last group may be shorter), row-major, stored as the parameter <c>scale_type</c> says;
/// possibly <c>zeros</c>, words [rows · bits / 32, groups] packed along the rows; possibly <c>group_index</c>, the group of each column.
/// </summary>
internal sealed unsafe class PackedType(int bits) : IQuantization, IOrderedUnpack
{
    private const string Data = "data", Scales = "scales", Zeros = "zeros", GroupIndexPart = "group_index", Group = "group", ScaleType = "scale_type";
    private const int Unit = 32;
    private readonly int _middle = 1 << bits - 1;

    public string Id { get; } = $"ct_packed{bits}";

    public int BlockSize { get; } = 32 / bits;

    public int GroupSize => Unit;

    public int MaxValue { get; } = (1 << bits) - 1;

    public void Validate(WeightTensor weight)
    {
        TensorCheck check = new(Id, weight, BlockSize, [Data, Scales], Zeros, GroupIndexPart);
        int group = check.Number(Group), size = check.Floats(ScaleType).Size();
        long groups = (weight.Columns + group - 1) / group;
        check.Part(Data, (Int128)check.Values * bits / 8);
        check.Part(Scales, (Int128)weight.Rows * groups * size);
        if (weight.Find(Zeros) is not null)
        {
            if (weight.Shape.Length > 2)
                throw check.Refused("a matrix", weight.ShapeText);
            check.Part(Zeros, (weight.Rows * bits + 31) / 32 * (Int128)groups * sizeof(int));
        }
        GroupIndex.Check(check, weight, GroupIndexPart, groups);
    }

    public bool CanUnpack(WeightTensor weight)
    {
        Layout layout = new(weight, bits);
        return layout.HasUnits && GroupIndex.IsPlain(weight, GroupIndexPart, layout.Group);
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        Layout layout = new(weight, bits);
        long columns = weight.Columns, rowBytes = columns * bits / 8;
        int* index = weight.Find(GroupIndexPart) is { } part ? (int*)part.Data : null;
        byte* values = stackalloc byte[Unit];
        fixed (float* start = destination)
            for (long row = firstRow; row < firstRow + rowCount; row++)
            {
                float* to = start + (row - firstRow) * columns;
                byte* source = layout.Data + row * rowBytes;
                for (long column = 0; column < columns;)
                {
                    // As many columns as are of one group, up to a unit; a group may end within a word.
                    int run = GroupIndex.Run(index, column, columns, layout.Group, Unit, out long group);
                    for (int i = 0; i < run; i++)
                        values[i] = (byte)BitStream.At(source, bits, column + i);
                    ByteValues.Multiply(values, run, layout.Zero(row, group, _middle), layout.Scale(row, group), to + column);
                    column += run;
                }
            }
    }

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        Layout layout = new(weight, bits);
        long columns = weight.Columns, count = rowCount * layout.Groups;
        BitStream.Unpack(layout.Data + firstRow * columns * bits / 8, bits, rowCount * columns, values);
        int times = layout.Groups == 1 ? (int)(columns / Unit) : (int)(layout.Group / Unit);
        float* lastScales = scales + (times - 1) * count, lastMinimums = minimums + (times - 1) * count;
        layout.Scales.Read(firstRow * layout.Groups, count, lastScales);
        for (long i = 0, row = firstRow; row < firstRow + rowCount; row++)
            for (long group = 0; group < layout.Groups; group++, i++)
                lastMinimums[i] = lastScales[i] * layout.Zero(row, group, _middle);
        FloatArray.Repeat(scales, count, times);
        FloatArray.Repeat(minimums, count, times);
    }

    public bool TryOrder(WeightTensor weight, Span<int> order)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.Columns % Unit == 0 && GroupIndex.TryOrder(weight, GroupIndexPart, new Layout(weight, bits).Groups, Unit, order);
    }

    public void Unpack(WeightTensor weight, int* order, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        Layout layout = new(weight, bits);
        int columns = (int)weight.Columns;
        int* index = (int*)weight.Data(GroupIndexPart);
        for (long row = firstRow; row < firstRow + rowCount; row++, values += columns)
        {
            byte* source = layout.Data + row * columns * bits / 8;
            for (int i = 0; i < columns; i++)
                values[i] = bits == 8 ? source[order[i]] : (byte)(source[order[i] >> 1] >> (order[i] & 1) * 4 & 15);
            for (int i = 0; i < columns; i += Unit, scales++, minimums++)
            {
                long group = GroupIndex.Of(index, order[i]);
                *scales = layout.Scale(row, group);
                *minimums = *scales * layout.Zero(row, group, _middle);
            }
        }
    }

    /// <summary>Where things stand in a validated tensor.</summary>
    private readonly struct Layout
    {
        private readonly int* _zeros;
        private readonly int _bits;

        public Layout(WeightTensor weight, int bits)
        {
            Data = weight.Data(PackedType.Data);
            Scales = FloatArray.Of(weight, PackedType.Scales, ScaleType);
            int size = weight.Parameters[ScaleType] == "f32" ? 4 : 2;
            Groups = weight.Find(PackedType.Scales)!.Length / size / weight.Rows;
            Group = long.Parse(weight.Parameters[PackedType.Group]);
            _zeros = weight.Find(Zeros) is { } part ? (int*)part.Data : null;
            _bits = bits;
            HasUnits = weight.Columns % Unit == 0 && (Groups == 1 || (Group % Unit == 0 && weight.Columns % Group == 0));
        }

        public byte* Data { get; }

        public FloatArray Scales { get; }

        public long Groups { get; }

        public long Group { get; }

        public bool HasUnits { get; }

        public float Scale(long row, long group) => Scales[row * Groups + group];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int Zero(long row, long group, int middle)
        {
            if (_zeros == null)
                return middle;
            long first = row * _bits;
            return Unsafe.ReadUnaligned<int>(_zeros + first / 32 * Groups + group) >> (int)(first % 32) & (1 << _bits) - 1;
        }
    }
}
