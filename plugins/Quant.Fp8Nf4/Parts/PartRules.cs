using System.Globalization;

namespace Tessera.Quant.Fp8Nf4.Parts;

/// <summary>What the types of this plugin ask of a tensor: a part <c>data</c>, and possibly one named <c>scale</c>.</summary>
internal static class PartRules
{
    /// <summary>The part that every tensor has.</summary>
    public const string Data = "data";

    /// <summary>The optional part of scales.</summary>
    public const string Scale = "scale";

    /// <summary>Checks the id, the shape and the parts' names; the number of values.</summary>
    public static long Check(string id, WeightTensor weight, int blockSize)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Quantization != id)
            throw Refused(id, weight, $"quantization {id}", weight.Quantization);
        if (weight.Parts is not [{ Name: Data }] and not [{ Name: Data }, { Name: Scale }])
            throw Refused(id, weight, "a part named data, and possibly one named scale behind it", $"{weight.Parts.Length}: {string.Join(", ", weight.Parts.Select(part => part.Name))}");
        UInt128 values = 1;
        foreach (long dimension in weight.Shape)
        {
            if (dimension < 1)
                throw Refused(id, weight, "dimensions of at least 1", weight.ShapeText);
            values *= (ulong)dimension;
            if (values > long.MaxValue)
                throw Refused(id, weight, "fewer than 2^63 values", weight.ShapeText);
        }
        if (weight.Shape.Length == 0 || weight.Columns % blockSize != 0)
            throw Refused(id, weight, $"rows of a multiple of {blockSize} values", weight.ShapeText);
        return (long)values;
    }

    /// <summary>Checks a part's length. It may be longer: a type that a file only names reaches up to the next tensor's aligned start.</summary>
    public static void CheckLength(string id, WeightTensor weight, WeightPart part, Int128 bytes)
    {
        if (part.Length < bytes)
            throw Refused(id, weight, $"at least {bytes} bytes of {part.Name} for {weight.ShapeText}", $"{part.Length}");
    }

    /// <summary>A parameter that is a number of at least 1, or 0 where it is not given.</summary>
    public static int Number(string id, WeightTensor weight, string name)
    {
        if (!weight.Parameters.TryGetValue(name, out string? text))
            return 0;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw Refused(id, weight, $"parameter {name} of at least 1", $"'{text}'");
    }

    /// <summary>An error that names type, tensor, what was expected and what was found.</summary>
    public static ModelFormatException Refused(string id, WeightTensor weight, string expected, string found) =>
        new($"{id}: tensor '{weight.Name}': expected {expected}, found {found}");

    /// <summary>Throws unless a range of rows is within the tensor.</summary>
    public static void CheckRows(WeightTensor weight, long firstRow, int rowCount)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, weight.Rows - rowCount);
    }
}
