namespace Tessera.Abstractions.Formats;

/// <summary>Writes one kind of model file: says what stands in it, and where. The host brings the values in the types that are planned and writes them, so a writer never touches a weight.</summary>
public interface IWeightWriter
{
    /// <summary>The format's name for messages, such as <c>gguf</c>.</summary>
    string Name { get; }

    /// <summary>The kinds of files, such as <c>Q4_K_M</c>: each gives every tensor its type.</summary>
    IReadOnlyList<string> FileTypes { get; }

    /// <summary>Whether a file that is to have this name is this format's own.</summary>
    bool CanWrite(string fileName);

    /// <summary>Plans a file.</summary>
    /// <param name="source">The model, of any format.</param>
    /// <param name="files">Its files, for what a <see cref="ModelSource"/> has no place for.</param>
    /// <param name="fileType">One of <see cref="FileTypes"/>, in capitals or not; null: every matrix stays in the type that it is stored in.</param>
    /// <exception cref="UnsupportedModelException">The format cannot say something of the model (or does not know the kind of file); the text names it.</exception>
    /// <exception cref="ModelFormatException">The model contradicts itself.</exception>
    WritePlan Plan(ModelSource source, IModelFiles files, string? fileType);
}

/// <summary>What a file will hold.</summary>
public sealed class WritePlan
{
    /// <summary>The kind of file, one of <see cref="IWeightWriter.FileTypes"/>.</summary>
    public required string FileType { get; init; }

    /// <summary>The model's architecture in the file's words.</summary>
    public required string Architecture { get; init; }

    /// <summary>The file's first bytes, up to the first tensor.</summary>
    public required ReadOnlyMemory<byte> Header { get; init; }

    /// <summary>The tensors, in the file's order; what is between them is zeros.</summary>
    public required IReadOnlyList<WrittenTensor> Tensors { get; init; }

    /// <summary>The file's length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>What a person should know, such as a tensor that takes another type than its kind of file has for it.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A tensor of a file that is to be written. Its values are those of <see cref="Source"/>, or <see cref="Values"/>.</summary>
public sealed class WrittenTensor
{
    /// <summary>The name in the file.</summary>
    public required string Name { get; init; }

    /// <summary>The logical shape, outermost dimension first.</summary>
    public required long[] Shape { get; init; }

    /// <summary>The id of the quantization that its values are written in.</summary>
    public required string Quantization { get; init; }

    /// <summary>The first byte's offset in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>The number of bytes.</summary>
    public required long Length { get; init; }

    /// <summary>The weight that it is made of; null: it is made of <see cref="Values"/>.</summary>
    public WeightTensor? Source { get; init; }

    /// <summary>The values of a tensor that no weight of the model has, such as a table of frequencies.</summary>
    public IReadOnlyList<float> Values { get; init; } = [];

    /// <summary>Which row of each of the source's matrices (its last two dimensions) each row of the written matrix is. Null: all, as they stand.</summary>
    public IReadOnlyList<int>? Rows { get; init; }

    /// <summary>Which value of a source's row each value of a written row is; a vector is one row. Null: all, as they stand.</summary>
    public IReadOnlyList<int>? Columns { get; init; }

    /// <summary>Whether the type, though another one than the source's, holds the very same values.</summary>
    public bool KeepsValues { get; init; }

    /// <summary>What is added to each value.</summary>
    public float Addend { get; init; }
}
