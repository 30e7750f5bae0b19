using System.Text.Json;
using System.Text.Json.Serialization;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>A package's <c>plugin.json</c>: what the plugin is, read before any code of it runs.</summary>
public sealed record PluginManifest
{
    /// <summary>The file's name.</summary>
    public const string FileName = "plugin.json";

    /// <summary>The manifest's own version: 1.</summary>
    [JsonRequired] public int Schema { get; init; }

    /// <summary>The plugin's id: its folder and its key in the configuration.</summary>
    [JsonRequired] public string Id { get; init; } = "";

    /// <summary>The plugin's semantic version (https://semver.org).</summary>
    [JsonRequired] public string Version { get; init; } = "";

    /// <summary>The contract that it was built for, as major.minor.</summary>
    [JsonRequired] public string Contract { get; init; } = "";

    /// <summary>The file of the assembly that holds the entry type.</summary>
    [JsonRequired] public string EntryAssembly { get; init; } = "";

    /// <summary>The full name of the type that implements <see cref="IPlugin"/>.</summary>
    [JsonRequired] public string EntryType { get; init; } = "";

    /// <summary>What it registers.</summary>
    [JsonRequired] public IReadOnlyList<ProvidedContract> Provides { get; init; } = [];

    // The generated reader sets what a file leaves out to null.
    /// <summary>The options that the configuration may set.</summary>
    public IReadOnlyDictionary<string, OptionSchema> Options { get; init => field = value ?? new Dictionary<string, OptionSchema>(); } = new Dictionary<string, OptionSchema>();

    /// <summary>What it needs of the machine, or null.</summary>
    public PackageRequirements? Requires { get; init; }

    /// <summary>The SHA-256 of every file of the package but this one and its signature, by path; null: no list. What a signature covers.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }

    /// <summary>Whose signature the package carries, as <c>plugins.publishers</c> knows it; or null.</summary>
    public string? Publisher { get; init; }

    /// <summary>How long a retired generation may go on with what it runs, in seconds; null: as long as that takes.</summary>
    public int? DrainSeconds { get; init; }

    /// <summary>Whether a text can be an id: lower-case words of letters and digits with dots or hyphens between them.</summary>
    public static bool IsId(string text) =>
        text.Length is > 0 and <= 64
        && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '-')
        && text.Split('.', '-').All(word => word.Length > 0);

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="PluginException">The text is not one: a key is missing, unknown, twice there or of the wrong type.</exception>
    public static PluginManifest Parse(ReadOnlySpan<byte> json, string where)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PluginManifestJson.Default.PluginManifest)
                ?? throw new PluginException($"{where}: expected an object, found null");
        }
        catch (JsonException e)
        {
            throw new PluginException($"{where}: {e.Message}");
        }
    }
}

/// <summary>One contract that a plugin registers.</summary>
public sealed record ProvidedContract
{
    /// <summary>The contract interface's name, such as <c>IQuantization</c>.</summary>
    [JsonRequired] public string Kind { get; init; } = "";

    /// <summary>The name by which it is found, such as <c>q4_k</c>.</summary>
    [JsonRequired] public string Name { get; init; } = "";
}

/// <summary>One option of a plugin.</summary>
public sealed record OptionSchema
{
    /// <summary>string, integer, number, boolean or enum.</summary>
    [JsonRequired] public string Type { get; init; } = "";

    /// <summary>The words of an enum.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>The least number.</summary>
    public double? Minimum { get; init; }

    /// <summary>The greatest number.</summary>
    public double? Maximum { get; init; }

    /// <summary>What it is when nothing sets it; absent: the option is not passed then.</summary>
    public JsonElement? Default { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Description { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    MaxDepth = 8)]
[JsonSerializable(typeof(PluginManifest))]
internal sealed partial class PluginManifestJson : JsonSerializerContext;
