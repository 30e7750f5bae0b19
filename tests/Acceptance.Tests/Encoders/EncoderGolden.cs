using System.Text.Json;

namespace Tessera.Acceptance.Tests.Encoders;

/// <summary>The goldens of an encoder's folder (../shared/fixtures/hf-models/README.md).</summary>
internal sealed class EncoderGolden
{
    private EncoderGolden(string path, JsonElement root) => (Path, Root) = (path, root);

    public string Path { get; }

    public JsonElement Root { get; }

    /// <summary>Every folder whose model is an encoder: of embeddings, and of scores of pairs.</summary>
    public static (string[] Embeddings, string[] Scores) Names()
    {
        if (!Shared.IsPresent)
            return ([], []);
        var folders = Directory.GetDirectories(Shared.Require("fixtures", "hf-models")).Where(f => File.Exists(System.IO.Path.Combine(f, "goldens.json")))
            .Select(f => (Name: System.IO.Path.GetFileName(f), Root: JsonElement.Parse(File.ReadAllText(System.IO.Path.Combine(f, "goldens.json"))))).OrderBy(f => f.Name, StringComparer.Ordinal).ToArray();
        return ([.. folders.Where(f => f.Root.TryGetProperty("texts", out _)).Select(f => f.Name)], [.. folders.Where(f => f.Root.TryGetProperty("pairs", out _)).Select(f => f.Name)]);
    }

    public static EncoderGolden Require(string name)
    {
        string path = Shared.Require("fixtures", "hf-models", name);
        return new(path, JsonElement.Parse(File.ReadAllText(System.IO.Path.Combine(path, "goldens.json"))));
    }

    public IReadOnlyList<JsonElement> List(string name) => Root.TryGetProperty(name, out JsonElement list) ? [.. list.EnumerateArray()] : [];

    public double Tolerance(string of) => Root.GetProperty("suggested_abs_tolerance").GetProperty(of).GetDouble();

    public static int[] Integers(JsonElement item) => [.. item.EnumerateArray().Select(v => v.GetInt32())];

    public static double[] Numbers(JsonElement item) => [.. item.EnumerateArray().Select(v => v.GetDouble())];

    public static double Difference(IReadOnlyList<double> expected, IReadOnlyList<float> found)
    {
        Assert.Equal(expected.Count, found.Count);
        return expected.Zip(found, (e, f) => Math.Abs(e - f)).Max();
    }
}
