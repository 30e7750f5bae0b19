using System.Text.Json.Serialization;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Golden;

/// <summary>The bytes of a weight, and the values that they stand for; the optional abilities must agree with them too.</summary>
public sealed record QuantizationSample : GoldenSample
{
    private const double MaxRelative = 1e-6;

    /// <summary>The weight's shape.</summary>
    [JsonRequired] public IReadOnlyList<long> Shape { get; init; } = [];

    /// <summary>Its parameters.</summary>
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>Its parts in hexadecimal, by name.</summary>
    [JsonRequired] public IReadOnlyDictionary<string, string> Parts { get; init; } = new Dictionary<string, string>();

    /// <summary>The values, row by row.</summary>
    [JsonRequired] public IReadOnlyList<float> Values { get; init; } = [];

    private protected override string Part => "quantization";

    /// <inheritdoc/>
    public override string? Problem(PluginParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Quantizations.FirstOrDefault(q => q.Id == Name) is not { } quantization)
            return $"the plugin provides no quantization '{Name}'";
        if (Shape.Count is < 1 or > 4 || Shape.Any(d => d is < 1 or > 1 << 20) || Shape.Aggregate(1.0, (a, b) => a * b) != Values.Count)
            return $"the sample has {Values.Count} values for the shape [{string.Join(", ", Shape)}]";
        List<MemoryFile> files = [];
        try
        {
            WeightTensor weight = new()
            {
                Name = "golden",
                Quantization = Name,
                Shape = [.. Shape],
                Parameters = Parameters ?? new Dictionary<string, string>(),
                Parts = [.. Parts.Select(p =>
                {
                    MemoryFile file = new(p.Key, Convert.FromHexString(p.Value));
                    files.Add(file);
                    return new WeightPart(p.Key, file, 0, file.Length);
                })],
            };
            quantization.Validate(weight);
            float[] found = new float[Values.Count];
            quantization.Dequantize(weight, 0, checked((int)weight.Rows), found);
            return Compare(found) ?? QuantizationCheck.Abilities(quantization, weight, found);
        }
        catch (FormatException e)
        {
            return $"the sample's parts are not hexadecimal: {e.Message}";
        }
        finally
        {
            files.ForEach(f => f.Dispose());
        }
    }

    private string? Compare(float[] found)
    {
        float largest = Values.Max(Math.Abs);
        for (int i = 0; i < found.Length; i++)
            if (!(Math.Abs((double)found[i] - Values[i]) <= MaxRelative * largest))
                return $"element {i} is {found[i]:g9}, expected {Values[i]:g9}";
        return null;
    }
}
