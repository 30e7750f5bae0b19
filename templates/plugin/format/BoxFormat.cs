using System.Buffers.Binary;
using System.Text;
using Tessera.Abstractions;
using Tessera.Abstractions.Formats;

namespace Acme.Plugin;

/// <summary>
/// A file of float32 matrices: the eight bytes <c>ACMEBOX1</c>; the architecture's name; the number of matrices; for each its name, rows and columns; then their values, one after the other, the first at a multiple of 64. Numbers are
/// little-endian and take four bytes; a name is its length and its UTF-8.
/// </summary>
public sealed class BoxFormat : IWeightFormat
{
    private const int Alignment = 64;
    private const int MaxName = 256;

    private static ReadOnlySpan<byte> Magic => "ACMEBOX1"u8;

    /// <inheritdoc/>
    public string Name => "acme.plugin";

    /// <inheritdoc/>
    public bool Probe(ReadOnlySpan<byte> header, string fileName) => header.StartsWith(Magic);

    /// <inheritdoc/>
    public ModelSource Open(IModelFiles files)
    {
        IModelFile file = files.TryOpen(files.Name) ?? throw new ModelFormatException($"{files.Name}: no such file");
        long at = Magic.Length;
        string architecture = ReadName(file, ref at, "the architecture");
        uint count = ReadNumber(file, ref at, "the number of matrices");
        // Twelve bytes are the least that a matrix takes: more of them than that cannot be there, whatever the number says.
        if (count > file.Length / 12)
            throw new ModelFormatException($"{file.Name}: {count} matrices in a file of {file.Length} bytes");
        (string Name, uint Rows, uint Columns)[] shapes = new (string, uint, uint)[count];
        for (int i = 0; i < shapes.Length; i++)
            shapes[i] = (ReadName(file, ref at, $"matrix {i}"), ReadNumber(file, ref at, "rows"), ReadNumber(file, ref at, "columns"));
        at = (at + Alignment - 1) / Alignment * Alignment;
        return new ModelSource
        {
            Format = Name,
            Metadata = new ModelMetadata { Architecture = architecture },
            Tensors = [.. shapes.Select(s => Tensor(file, s.Name, s.Rows, s.Columns, ref at))],
        };
    }

    private static WeightTensor Tensor(IModelFile file, string name, uint rows, uint columns, ref long at)
    {
        long bytes = sizeof(float) * (long)rows * columns;
        if (rows is 0 or > int.MaxValue || columns is 0 or > int.MaxValue || bytes > file.Length - at)
            throw new ModelFormatException($"{file.Name}: '{name}' of {rows} × {columns} floats at {at}, the file has {file.Length} bytes");
        WeightPart part = new("data", file, at, bytes);
        at += bytes;
        return new WeightTensor { Name = name, Shape = [rows, columns], Quantization = "f32", Parts = [part] };
    }

    private static string ReadName(IModelFile file, ref long at, string what)
    {
        uint length = ReadNumber(file, ref at, $"the length of {what}");
        if (length is 0 or > MaxName)
            throw new ModelFormatException($"{file.Name}: {what} at {at}: a name of {length} bytes, expected 1 to {MaxName}");
        string name = Encoding.UTF8.GetString(Read(file, at, (int)length, what));
        at += length;
        return name;
    }

    private static uint ReadNumber(IModelFile file, ref long at, string what)
    {
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(Read(file, at, sizeof(uint), what));
        at += sizeof(uint);
        return number;
    }

    private static unsafe ReadOnlySpan<byte> Read(IModelFile file, long at, int length, string what) =>
        length <= file.Length - at ? new ReadOnlySpan<byte>(file.Data + at, length) : throw new ModelFormatException($"{file.Name}: {what} at {at} takes {length} bytes, the file has {file.Length}");
}
