using System.Globalization;
using System.Text.Json;
using Tessera.Host.Configuration;

namespace Tessera.Host.Plugins;

/// <summary>A plugin's options, checked against its manifest, defaults filled in.</summary>
/// <param name="Values">The values as texts, by name.</param>
/// <param name="Places">Where those stand that were set.</param>
internal sealed record BoundOptions(IReadOnlyDictionary<string, string> Values, IReadOnlyDictionary<string, ConfigurationPlace> Places)
{
    /// <summary>What is wrong with an option, for people: where it stands, its key and what the plugin says of it.</summary>
    public string Problem(string id, PluginOptionException e) =>
        $"{(Places.TryGetValue(e.Option, out ConfigurationPlace place) ? $"{place} " : "")}{id}.{e.Option}: {e.Message}";
}

/// <summary>Checks a plugin's options against its manifest and fills in the defaults.</summary>
internal static class PluginOptions
{
    private static readonly string[] Types = ["string", "integer", "number", "boolean", "enum"];

    /// <summary>What the manifest's own option definitions get wrong.</summary>
    public static IEnumerable<string> Problems(PluginManifest manifest)
    {
        foreach ((string name, OptionSchema option) in manifest.Options)
            if (!Types.Contains(option.Type))
                yield return $"option '{name}': expected type {string.Join(", ", Types)}, found '{option.Type}'";
            else if ((option.Type == "enum") != (option.Values is { Count: > 0 }))
                yield return $"option '{name}': 'values' belongs to an enum, and to each";
            else if (option.Default is { } value && Check(option, Text(value), isText: value.ValueKind == JsonValueKind.String) is { } wrong)
                yield return $"option '{name}': default: {wrong}";
    }

    /// <summary>The options' values as texts: the environment's, else the file's, else the defaults.</summary>
    /// <param name="manifest">The plugin.</param>
    /// <param name="plugins">What was configured.</param>
    /// <param name="errors">Takes unknown options and values that do not fit.</param>
    public static BoundOptions Bind(PluginManifest manifest, PluginsConfiguration plugins, ConfigurationErrors errors)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        Dictionary<string, ConfigurationPlace> places = new(StringComparer.Ordinal);
        foreach ((string name, OptionSchema option) in manifest.Options)
            if (option.Default is { } value)
                values[name] = Text(value);
        IEnumerable<PluginOption> set = plugins.Options.TryGetValue(manifest.Id, out IReadOnlyList<PluginOption>? own) ? own : [];
        foreach (PluginOption option in set.OrderBy(o => o.FromEnvironment))
        {
            string? name = manifest.Options.Keys.FirstOrDefault(k => option.FromEnvironment ? EnvironmentValues.Segment(k) == option.Name : k == option.Name);
            if (name is null)
                errors.Add(option.Value.At, option.Value.Key, $"unknown key{Suggestion.For(option.Name, manifest.Options.Keys)}");
            else if (Check(manifest.Options[name], option.Value.Text, option.Value.IsText) is not { } wrong)
                (values[name], places[name]) = (option.Value.Text, option.Value.At);
            else
                errors.Add(option.Value.At, $"{manifest.Id}.{name}", $"{wrong}, found '{option.Value.Shown}'");
        }
        return new(values, places);
    }

    /// <summary>What was expected, or null where the value fits.</summary>
    private static string? Check(OptionSchema option, string text, bool isText)
    {
        switch (option.Type)
        {
            case "boolean":
                return !isText && text is "true" or "false" ? null : "expected true or false";
            case "enum":
                return option.Values!.Contains(text) ? null : $"expected {string.Join(" or ", option.Values!)}";
            case "integer" or "number":
                bool whole = option.Type == "integer";
                bool number = double.TryParse(text, whole ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
                if (!isText && number && double.IsFinite(value) && !(value < option.Minimum) && !(value > option.Maximum))
                    return null;
                string least = option.Minimum is { } minimum ? $" from {minimum.ToString(CultureInfo.InvariantCulture)}" : "";
                string most = option.Maximum is { } maximum ? $" to {maximum.ToString(CultureInfo.InvariantCulture)}" : "";
                return $"expected {(whole ? "a whole number" : "a number")}{least}{most}";
            default:
                return null;
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
