using System.Globalization;

namespace Tessera.Quant.Common;

/// <summary>Checks a tensor against what a type asks of it. Every refusal names the type, the tensor, what was expected and what was found.</summary>
public readonly struct TensorCheck
{
    private readonly string _id;
    private readonly WeightTensor _weight;

    /// <summary>Checks id, shape, row length and the names of the parts.</summary>
    /// <param name="id">The type.</param>
    /// <param name="weight">The tensor.</param>
    /// <param name="blockSize">The row length is a multiple of this.</param>
    /// <param name="needed">Parts that must be there.</param>
    /// <param name="optional">Parts that may be there.</param>
    /// <exception cref="ModelFormatException">Something does not fit.</exception>
    public TensorCheck(string id, WeightTensor weight, int blockSize, string[] needed, params string[] optional)
    {
        ArgumentNullException.ThrowIfNull(weight);
        (_id, _weight) = (id, weight);
        if (weight.Quantization != id)
            throw Refused($"quantization {id}", weight.Quantization);
        string[] names = [.. weight.Parts.Select(part => part.Name)];
        if (names.Distinct().Count() != names.Length || !needed.All(names.Contains) || !names.All(name => needed.Contains(name) || optional.Contains(name)))
            throw Refused($"parts {string.Join(", ", needed)}{(optional.Length == 0 ? "" : $", and possibly {string.Join(", ", optional)}")}", names.Length == 0 ? "none" : string.Join(", ", names));
        UInt128 values = 1;
        foreach (long dimension in weight.Shape)
        {
            if (dimension < 1)
                throw Refused("dimensions of at least 1", weight.ShapeText);
            values *= (ulong)dimension;
            if (values > long.MaxValue)
                throw Refused("fewer than 2^63 values", weight.ShapeText);
        }
        if (weight.Shape.Length == 0 || weight.Columns % blockSize != 0)
            throw Refused($"rows of a multiple of {blockSize} values", weight.ShapeText);
        Values = (long)values;
    }

    /// <summary>The number of values.</summary>
    public long Values { get; }

    /// <summary>A part whose length must be a number of bytes.</summary>
    public WeightPart Part(string name, Int128 bytes)
    {
        WeightPart part = _weight.Find(name)!;
        return part.Length == bytes ? part : throw Refused($"{bytes} bytes of {name} for {_weight.ShapeText}", $"{part.Length}");
    }

    /// <summary>The parameter of a number from 1 on.</summary>
    public int Number(string name)
    {
        _weight.Parameters.TryGetValue(name, out string? text);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : throw Refused($"parameter {name} of at least 1", text is null ? "none" : $"'{text}'");
    }

    /// <summary>The parameter that names a type of floats: f32, f16 or bf16.</summary>
    public FloatType Floats(string name)
    {
        _weight.Parameters.TryGetValue(name, out string? text);
        return FloatTypes.Find(text) ?? throw Refused($"parameter {name} f32, f16 or bf16", text is null ? "none" : $"'{text}'");
    }

    /// <summary>An error about this tensor.</summary>
    public ModelFormatException Refused(string expected, string found) => new($"{_id}: tensor '{_weight.Name}': expected {expected}, found {found}");
}
