using System.Text.Json;

namespace Tessera.Host.Api;

/// <summary>Looks at every string of a JSON value.</summary>
internal static class WholeStrings
{
    /// <summary>Refuses half surrogates and bytes that are not UTF-8, which the parser lets through and which fail wherever the string is read.</summary>
    /// <param name="element">The value.</param>
    /// <param name="path">Its place in the body, for the error.</param>
    /// <exception cref="ApiException">A string in it is not whole.</exception>
    public static void Require(JsonElement element, string path = "")
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                    Require(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}");
                break;
            case JsonValueKind.Array:
                int i = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    // Long arrays are ids; only what can hold a string needs its path spelled out.
                    if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.String)
                        Require(item, $"{path}[{i}]");
                    i++;
                }
                break;
            case JsonValueKind.String:
                try
                {
                    _ = element.GetString();
                }
                catch (InvalidOperationException)
                {
                    string field = path.Length == 0 ? "body" : path;
                    throw new ApiException(400, $"'{field}': expected valid Unicode, found half a character", field, "invalid_value");
                }
                break;
        }
    }
}
