using System.Text;

namespace Tessera.Format.Safetensors;

/// <summary>Errors for broken rules, in one form: file, subject, what is wrong.</summary>
internal static class Errors
{
    private const int MostCharacters = 128, MostDimensions = 8;

    /// <summary>An error about a file.</summary>
    public static ModelFormatException File(string file, string message) => new($"safetensors: file '{file}': {message}");

    /// <summary>An error about a tensor of a file.</summary>
    public static ModelFormatException Tensor(string file, string tensor, string message) => File(file, $"tensor '{Readable(tensor)}': {message}");

    /// <summary>A name from a file as one short line: control characters escaped, the rest of a long one left out.</summary>
    public static string Readable(string name)
    {
        StringBuilder text = new();
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MostCharacters)))
            _ = char.IsControl(c) || char.IsSurrogate(c) ? text.Append($"\\u{(int)c:x4}") : text.Append(c);
        return name.Length > MostCharacters ? $"{text}… ({name.Length} characters)" : text.ToString();
    }

    /// <summary>Dimensions from a file as one short line.</summary>
    public static string Shape<T>(IReadOnlyList<T> shape) => shape.Count > MostDimensions
        ? $"[{string.Join(", ", shape.Take(MostDimensions))}, …] ({shape.Count} dimensions)"
        : $"[{string.Join(", ", shape)}]";
}
