using System.Globalization;

namespace Tessera.Host.Models;

/// <summary>How weights are stored, for people.</summary>
internal static class StorageText
{
    private const string Data = "data";

    /// <summary>The bits that a value takes in the part that holds the values, and the parameters of the type, such as <c>4 bits, group 128, scale_type f16</c>. A type with scales in its blocks has more bits than its name says.</summary>
    public static string Of(WeightTensor weight)
    {
        WeightTensor one = weight.Stack.Count > 0 ? weight.Stack[0] : weight;
        long bytes = (Array.Find(one.Parts, p => p.Name == Data) ?? one.Parts.FirstOrDefault())?.Length ?? 0;
        string bits = (8.0 * bytes / ((double)one.Rows * one.Columns)).ToString("0.##", CultureInfo.InvariantCulture);
        return string.Join(", ", one.Parameters.Select(p => $"{p.Key} {p.Value}").Prepend($"{bits} bits"));
    }
}
