using System.Text.Json.Serialization;
using Tessera.Conformance.Checks;

namespace Tessera.Conformance.Golden;

/// <summary>One sample: what a part of a plugin is given, and what it must make of it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FormatSample), nameof(IWeightFormat))]
[JsonDerivedType(typeof(QuantizationSample), nameof(IQuantization))]
[JsonDerivedType(typeof(StrategySample), nameof(IDecodingStrategy))]
[JsonDerivedType(typeof(TokenizerSample), nameof(ITokenizerFactory))]
public abstract record GoldenSample
{
    /// <summary>The name of the part, as the manifest's <c>provides</c> has it.</summary>
    [JsonRequired] public string Name { get; init; } = "";

    /// <summary>The sample's file.</summary>
    [JsonIgnore] public string Path { get; internal set; } = "";

    /// <summary>What is checked, for people.</summary>
    [JsonIgnore] public string Title => $"{Part} '{Name}' on {GoldenFolder.Name}/{System.IO.Path.GetFileName(Path)}";

    /// <summary>The folder that the sample's other files are in.</summary>
    [JsonIgnore] private protected string Folder => System.IO.Path.GetDirectoryName(Path) ?? "";

    /// <summary>The kind of part, for people.</summary>
    [JsonIgnore] private protected abstract string Part { get; }

    /// <summary>Runs the sample.</summary>
    /// <param name="parts">What the plugin provides.</param>
    /// <returns>What is not as the sample says, or null.</returns>
    /// <exception cref="TesseraException">The part refuses what it is given, or a file of the sample is missing.</exception>
    public abstract string? Problem(PluginParts parts);
}
