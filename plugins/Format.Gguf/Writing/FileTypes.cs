namespace Tessera.Format.Gguf.Writing;

/// <summary>A kind of file: llama.cpp's name for the types of its tensors.</summary>
/// <param name="Name">The name, such as <c>Q4_K_M</c>.</param>
/// <param name="Number">The value of <c>general.file_type</c>.</param>
/// <param name="Quantization">The type that matrices have where no rule gives another.</param>
internal sealed record FileType(string Name, uint Number, string Quantization)
{
    /// <summary>Whether the matrices' type is of plain floats, so that no rule applies.</summary>
    public bool IsFloat => Quantization is "f32" or "f16" or "bf16";
}

/// <summary>The kinds of files that are written.</summary>
internal static class FileTypes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FileType> All { get; } =
    [
        new("F32", 0, "f32"),
        new("F16", 1, "f16"),
        new("BF16", 32, "bf16"),
        new("Q4_0", 2, "q4_0"),
        new("Q4_1", 3, "q4_1"),
        new("Q5_0", 8, "q5_0"),
        new("Q5_1", 9, "q5_1"),
        new("Q8_0", 7, "q8_0"),
        new("Q2_K", 10, "q2_k"),
        new("Q3_K_S", 11, "q3_k"),
        new("Q3_K_M", 12, "q3_k"),
        new("Q3_K_L", 13, "q3_k"),
        new("Q4_K_S", 14, "q4_k"),
        new("Q4_K_M", 15, "q4_k"),
        new("Q5_K_S", 16, "q5_k"),
        new("Q5_K_M", 17, "q5_k"),
        new("Q6_K", 18, "q6_k"),
        new("IQ4_NL", 25, "iq4_nl"),
        new("IQ4_XS", 30, "iq4_xs"),
        new("MXFP4_MOE", 38, "mxfp4"),
    ];

    /// <summary>The kind of a name, in capitals or not.</summary>
    /// <exception cref="UnsupportedModelException">There is none; the text lists those that there are.</exception>
    public static FileType Named(string name) =>
        All.FirstOrDefault(t => t.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new UnsupportedModelException($"gguf: type '{name}' is not available; there are: {string.Join(", ", All.Select(t => t.Name))}");

    /// <summary>The kind of a file whose matrices keep their types: that of most of their bytes.</summary>
    /// <param name="matrices">Types and bytes.</param>
    public static FileType OfMost(IEnumerable<(string Quantization, long Bytes)> matrices)
    {
        string most = matrices.GroupBy(m => m.Quantization).OrderByDescending(g => g.Sum(m => m.Bytes)).FirstOrDefault()?.Key ?? "f32";
        return All.FirstOrDefault(t => t.Quantization == most) ?? new FileType(most.ToUpperInvariant(), Guessed, most);
    }

    // LLAMA_FTYPE_GUESSED: no kind of file has this type for most of its matrices.
    private const uint Guessed = 1024;
}
