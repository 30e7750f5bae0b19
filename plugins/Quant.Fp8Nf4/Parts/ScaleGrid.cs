using System.Runtime.CompilerServices;

namespace Tessera.Quant.Fp8Nf4.Parts;

/// <summary>
/// The scales of a matrix, which its values are multiplied with. Without a part <c>scale</c> all are 1. The part holds one number for the tensor, one for each
/// row, or, with the parameters <c>scale_rows</c> and <c>scale_columns</c>, one for each rectangle of that many rows and columns, row-major, the last ones of a
/// row or column possibly smaller. The parameter <c>scale_type</c> is f32 (where it is not given), bf16 or f16.
/// </summary>
internal readonly unsafe struct ScaleGrid
{
    private const string RowsName = "scale_rows", ColumnsName = "scale_columns", TypeName = "scale_type";
    private readonly byte* _data;
    private readonly char _type;
    private readonly long _rows;
    private readonly long _stride;

    private ScaleGrid(byte* data, char type, long rows, long columns, long stride)
    {
        _data = data;
        _type = type;
        _rows = rows;
        Columns = columns;
        _stride = stride;
    }

    /// <summary>Columns that share a scale.</summary>
    public long Columns { get; }

    /// <summary>Checks the part and its parameters.</summary>
    /// <param name="id">The quantization.</param>
    /// <param name="weight">A tensor whose shape and part names have been checked.</param>
    /// <param name="unit">Columns of a rectangle are a multiple of this.</param>
    public static void Check(string id, WeightTensor weight, int unit)
    {
        long rows = PartRules.Number(id, weight, RowsName), columns = PartRules.Number(id, weight, ColumnsName);
        weight.Parameters.TryGetValue(TypeName, out string? type);
        if (type is not (null or "f32" or "bf16" or "f16"))
            throw PartRules.Refused(id, weight, $"parameter {TypeName} f32, bf16 or f16", $"'{type}'");
        if (rows == 0 != (columns == 0))
            throw PartRules.Refused(id, weight, $"parameters {RowsName} and {ColumnsName} together", $"{rows} and {columns}");
        if (weight.Parts.Length < 2)
            return;
        int size = type is null or "f32" ? 4 : 2;
        WeightPart part = weight.Parts[1];
        if (rows == 0)
        {
            if (part.Length != size && part.Length != (Int128)size * weight.Rows)
                throw PartRules.Refused(id, weight, $"{size} bytes of scale, or {(Int128)size * weight.Rows} for {weight.Rows} rows", $"{part.Length}");
            return;
        }
        if (columns % unit != 0)
            throw PartRules.Refused(id, weight, $"parameter {ColumnsName} a multiple of {unit}", $"{columns}");
        // The rectangles of a stack of matrices start anew with each of them.
        if (weight.Shape.Length > 2 && weight.Shape[^2] % rows != 0)
            throw PartRules.Refused(id, weight, $"matrices of a multiple of {rows} rows ({RowsName})", weight.ShapeText);
        Int128 bytes = (Int128)Ceiling(weight.Rows, rows) * Ceiling(weight.Columns, columns) * size;
        if (part.Length != bytes)
            throw PartRules.Refused(id, weight, $"{bytes} bytes of scale for rectangles of {rows} × {columns} in {weight.ShapeText}", $"{part.Length}");
    }

    /// <summary>The scales of a tensor that has been checked.</summary>
    public static ScaleGrid Of(WeightTensor weight)
    {
        if (weight.Parts.Length < 2)
            return new ScaleGrid(null, 'f', 1, weight.Columns, 0);
        WeightPart part = weight.Parts[1];
        char type = weight.Parameters.TryGetValue(TypeName, out string? name) && name != "f32" ? name[0] == 'b' ? 'b' : 'h' : 'f';
        long rows = PartRules.Number("", weight, RowsName), columns = PartRules.Number("", weight, ColumnsName);
        if (rows > 0)
            return new ScaleGrid(part.Data, type, rows, columns, Ceiling(weight.Columns, columns));
        return new ScaleGrid(part.Data, type, 1, weight.Columns, part.Length == (type == 'f' ? 4 : 2) ? 0 : 1);
    }

    /// <summary>The scale of a row's columns from <c>block · <see cref="Columns"/></c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(long row, long block)
    {
        if (_data == null)
            return 1;
        long index = row / _rows * _stride + block;
        if (_type == 'f')
            return Unsafe.ReadUnaligned<float>(_data + 4 * index);
        ushort bits = Unsafe.ReadUnaligned<ushort>(_data + 2 * index);
        return _type == 'b' ? BitConverter.Int32BitsToSingle(bits << 16) : (float)BitConverter.UInt16BitsToHalf(bits);
    }

    private static long Ceiling(long value, long unit) => (value + unit - 1) / unit;
}
