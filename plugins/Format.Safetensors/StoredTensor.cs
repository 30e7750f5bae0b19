namespace Tessera.Format.Safetensors;

/// <summary>A tensor as a safetensors file describes it; its range was checked.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type of the numbers.</param>
/// <param name="Shape">Outermost dimension first; empty for a scalar; dimensions may be 0.</param>
/// <param name="File">The file.</param>
/// <param name="Offset">The first byte in the file.</param>
/// <param name="Length">The number of bytes.</param>
internal sealed record StoredTensor(string Name, Dtype Type, long[] Shape, IModelFile File, long Offset, long Length)
{
    private const int MostDimensions = 4;

    /// <summary>The shape as text.</summary>
    public string ShapeText => Errors.Shape(Shape);

    /// <summary>The bytes.</summary>
    /// <exception cref="ModelFormatException">There are too many to be anything but a weight.</exception>
    public unsafe ReadOnlySpan<byte> Bytes => Length <= int.MaxValue
        ? new ReadOnlySpan<byte>(File.Data + Offset, (int)Length)
        : throw Errors.Tensor(File.Name, Name, $"expected fewer than 2^31 bytes, found {Length}");

    /// <summary>The bytes as a part of a weight.</summary>
    /// <param name="name">What the part holds.</param>
    public WeightPart Part(string name) => new(name, File, Offset, Length);

    /// <summary>Refuses a weight of whole numbers: codes that no scheme has taken.</summary>
    /// <exception cref="UnsupportedModelException">It is one.</exception>
    public void RequireFloats()
    {
        if (Dtypes.IsCode(Type))
            throw new UnsupportedModelException($"safetensors: file '{File.Name}': tensor '{Errors.Readable(Name)}': expected floats, found {Dtypes.Name(Type)}; no quantization that config.json names says what it stands for");
    }

    /// <summary>The tensor as a weight that is stored in its own type and in nothing else; null where it is empty or has more dimensions than a weight may have.</summary>
    public WeightTensor? Plain() => Length == 0 || Shape.Length > MostDimensions
        ? null
        : new WeightTensor { Name = Name, Shape = Shape.Length == 0 ? [1] : Shape, Quantization = Dtypes.Id(Type), Parts = [Part("data")] };
}
