using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Conformance.Golden;

/// <summary>Samples as JSON, by generated code.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true,
    AllowDuplicateProperties = false,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    MaxDepth = 16)]
[JsonSerializable(typeof(GoldenSample))]
[JsonSerializable(typeof(ModelMetadata))]
internal sealed partial class GoldenJson : JsonSerializerContext
{
    /// <summary>The first place where a value is not as expected, or null. Members of an object that are not expected are not looked at.</summary>
    public static string? Difference(JsonElement expected, JsonElement found, string where)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object when found.ValueKind == JsonValueKind.Object:
                foreach (JsonProperty member in expected.EnumerateObject())
                    if (!found.TryGetProperty(member.Name, out JsonElement value))
                        return $"{where}: no member '{member.Name}'; there are {string.Join(", ", found.EnumerateObject().Select(m => m.Name))}";
                    else if (Difference(member.Value, value, $"{where}.{member.Name}") is { } difference)
                        return difference;
                return null;
            case JsonValueKind.Array when found.ValueKind == JsonValueKind.Array && expected.GetArrayLength() == found.GetArrayLength():
                return expected.EnumerateArray().Zip(found.EnumerateArray()).Select((pair, i) => Difference(pair.First, pair.Second, $"{where}[{i}]")).FirstOrDefault(d => d is not null);
            case JsonValueKind.Number when found.ValueKind == JsonValueKind.Number && expected.GetDouble() == found.GetDouble():
                return null;
            default:
                return System.Text.Json.JsonElement.DeepEquals(expected, found) ? null : $"{where}: {found.GetRawText()}, expected {expected.GetRawText()}";
        }
    }
}
