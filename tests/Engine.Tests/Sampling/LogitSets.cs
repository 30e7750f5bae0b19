using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tessera.Engine.Tests.Sampling;

/// <summary>The fixtures' inputs by name.</summary>
internal sealed class LogitSets
{
    private readonly Dictionary<string, float[]> _sets = [];

    public LogitSets()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Shared.Require("fixtures", "samplers", "logits.json")));
        foreach (JsonProperty set in document.RootElement.EnumerateObject())
            _sets[set.Name] = set.Value.TryGetProperty("file", out JsonElement file)
                ? MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Shared.Require("fixtures", "samplers", file.GetString()!))).ToArray()
                : [.. set.Value.GetProperty("values").EnumerateArray().Select(v => (float)Number(v))];
    }

    public float[] this[string name] => _sets[name];

    public static double Number(JsonElement value) => value.ValueKind != JsonValueKind.String ? value.GetDouble() : value.GetString() switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        string text => double.Parse(text, CultureInfo.InvariantCulture),
        null => double.NaN,
    };
}
