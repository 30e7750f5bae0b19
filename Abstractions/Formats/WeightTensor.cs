namespace Tessera.Abstractions.Formats;

/// <summary>A weight as it stands in the files: a logical shape, a quantization, and the byte ranges that hold it.</summary>
public sealed class WeightTensor
{
    /// <summary>The canonical name (GGUF's), such as <c>blk.0.attn_q.weight</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name in the files, where it is another one.</summary>
    public string? StoredName { get; init; }

    /// <summary>The logical shape, outermost dimension first; the last one is contiguous (a matrix is rows × columns). 1 to 4 dimensions, each at least 1, the product checked against overflow.</summary>
    public required long[] Shape { get; init; }

    /// <summary>The quantization's id, such as <c>q4_k</c> (ggml's type names in lower case).</summary>
    public required string Quantization { get; init; }

    /// <summary>Parameters of the quantization by name (group size, zero-point offset, …); empty for ggml types.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>The parts, such as data, scales and zero points. Types that keep all in one block have one part, named <c>data</c>.</summary>
    public required WeightPart[] Parts { get; init; }

    /// <summary>
    /// The tensors whose values, one tensor's after the other's, are this one's, such as a model's experts that stand in the files one by one; empty for a tensor of its own parts.
    /// All have the same shape and quantization, and <see cref="Parts"/> are theirs. A quantization is only asked about these.
    /// </summary>
    public IReadOnlyList<WeightTensor> Stack { get; init; } = [];

    /// <summary>The number of columns: the last dimension.</summary>
    public long Columns => Shape[^1];

    /// <summary>The number of rows: the product of all dimensions but the last.</summary>
    public long Rows
    {
        get
        {
            long rows = 1;
            for (int i = 0; i < Shape.Length - 1; i++)
                rows *= Shape[i];
            return rows;
        }
    }

    /// <summary>The number of bytes of all parts.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (WeightPart part in Parts)
                bytes += part.Length;
            return bytes;
        }
    }

    /// <summary>The shape as text, such as <c>[576, 1536]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Quantization} {ShapeText}";
}

/// <summary>A byte range of a model file.</summary>
/// <param name="Name">What it holds: <c>data</c>, <c>scales</c>, <c>zeros</c>, …</param>
/// <param name="File">The file, kept open by the host.</param>
/// <param name="Offset">The first byte's offset in the file.</param>
/// <param name="Length">The number of bytes; offset + length is within the file.</param>
public sealed unsafe record WeightPart(string Name, IModelFile File, long Offset, long Length)
{
    /// <summary>The address of the first byte.</summary>
    public byte* Data => File.Data + Offset;
}
