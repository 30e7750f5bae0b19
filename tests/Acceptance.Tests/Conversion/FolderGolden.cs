using System.Text.Json;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>What is recorded of a decoder's folder (../shared/fixtures/hf-models/README.md, and quantized-hf/README.md).</summary>
internal sealed class FolderGolden
{
    private readonly JsonElement _root;

    private const string Suffix = ".logits.json";

    private FolderGolden(string path, string file) => (Path, _root) = (path, JsonElement.Parse(File.ReadAllBytes(file)));

    public string Path { get; }

    public double Tolerance => _root.GetProperty("suggested_abs_tolerance").GetProperty("logits").GetDouble();

    /// <summary>Tokens, a position among them, and the logits after it.</summary>
    public IEnumerable<(int[] Tokens, int Position, float[] Logits)> Rows =>
        from sequence in _root.GetProperty("sequences").EnumerateArray()
        from row in Integers(sequence.GetProperty("positions")).Zip(sequence.GetProperty("logits").EnumerateArray())
        select (Integers(sequence.GetProperty("tokens")), row.First, row.Second.EnumerateArray().Select(v => v.GetSingle()).ToArray());

    /// <summary>Texts with their ids, and the ids with the tokens around a text.</summary>
    public IEnumerable<(string Text, int[] Ids, int[] WithSpecial)> Texts =>
        _root.GetProperty("tokenizer").EnumerateArray().Select(t => (t.GetProperty("text").GetString()!, Integers(t.GetProperty("ids")), Integers(t.GetProperty("ids_with_special"))));

    /// <summary>The quantized folders' names; none where the reference data is absent.</summary>
    public static IReadOnlyList<string> Packed { get; } = Shared.IsPresent
        ? [.. Directory.GetFiles(Shared.Require("fixtures", "quantized-hf"), "*" + Suffix).Select(f => System.IO.Path.GetFileName(f)[..^Suffix.Length]).Order(StringComparer.Ordinal)]
        : ["none"];

    public static FolderGolden Require(string name) => new(Shared.Require("fixtures", "hf-models", name), Shared.Require("fixtures", "hf-models", name, "goldens.json"));

    /// <summary>A quantized folder, which has no tokenizer.</summary>
    public static FolderGolden RequirePacked(string name) => new(Shared.Require("fixtures", "quantized-hf", name), Shared.Require("fixtures", "quantized-hf", name + Suffix));

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
