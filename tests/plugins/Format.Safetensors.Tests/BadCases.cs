using System.Text.Json;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>One line of bad/cases.jsonl.</summary>
internal sealed record BadCase(string Name, string Path, bool IsFile, string Expect, JsonElement? Tensors);

/// <summary>The malformed and unusual files and folders of the shared fixtures.</summary>
internal static class BadCases
{
    public static string Folder => Shared.Require("fixtures", "hf-models", "bad");

    /// <summary>Every case; empty where the fixtures are not here.</summary>
    public static IReadOnlyList<BadCase> All { get; } = Shared.IsPresent ? [.. File.ReadLines(Path.Combine(Folder, "cases.jsonl")).Select(Read)] : [];

    /// <summary>Skips the running test where the fixtures are not here.</summary>
    public static void Require() => _ = Folder;

    public static BadCase Require(string name)
    {
        Require();
        return All.Single(c => c.Name == name);
    }

    private static BadCase Read(string line)
    {
        JsonElement root = JsonElement.Parse(line);
        string name = root.GetProperty("file").GetString()!;
        return new BadCase(name, Path.Combine(Folder, name), root.GetProperty("kind").GetString() == "file", root.GetProperty("expect").GetString()!,
            root.TryGetProperty("tensors", out JsonElement tensors) ? tensors : null);
    }
}
