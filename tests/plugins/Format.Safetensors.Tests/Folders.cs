using System.Text;
using System.Text.Json.Nodes;
using Tessera.Abstractions;
using Tessera.Format.Safetensors.Tests.Families;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Folders in memory, made of a tiny model of a family.</summary>
internal static class Folders
{
    /// <summary>Opens a folder and hands the result to a check while its memory lives.</summary>
    public static void Open((string Name, byte[] Bytes)[] files, Action<ModelSource> check)
    {
        using TestModelFiles folder = TestModelFiles.Folder("folder", files);
        check(new SafetensorsFormat().Open(folder));
    }

    /// <summary>A family's folder with further files.</summary>
    public static (string Name, byte[] Bytes)[] With(string family, Action<JsonObject>? config, params (string Name, string Text)[] more) =>
        [.. Find(family).ToFolder(config: config), .. more.Select(f => (f.Name, Encoding.UTF8.GetBytes(f.Text)))];

    /// <summary>The only problem of a family's folder with a changed configuration.</summary>
    public static string Problem(string family, Action<JsonObject> config)
    {
        string? problem = null;
        Open(With(family, config), s => problem = Assert.Single(s.Metadata.Problems));
        return problem!;
    }

    /// <summary>The metadata of a family's folder with a changed configuration, whatever becomes of its tensors.</summary>
    public static ModelMetadata Metadata(string family, Action<JsonObject>? config)
    {
        ModelMetadata? metadata = null;
        Open(With(family, config), s => metadata = s.Metadata);
        return metadata!;
    }

    public static HfCase Find(string name) => HfCases.All.Single(c => c.Name == name);

    /// <summary>Asserts that one of a folder's files is told to be at fault, with a text that names certain things, and that the model does not run for it.</summary>
    public static void Faulty((string Name, byte[] Bytes)[] files, params string[] named) => Open(files, source =>
    {
        string fault = Assert.Single(source.Faults);
        Assert.All(named, n => Assert.Contains(n, fault, StringComparison.Ordinal));
        Assert.Contains(fault, source.Metadata.Problems);
    });
}
