using System.Text.Json;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>What is recorded of a decoder's folder (../shared/fixtures/hf-models/README.md).</summary>
internal sealed class FolderGolden
{
    private readonly JsonElement _root;

    private FolderGolden(string path) => (Path, _root) = (path, JsonElement.Parse(File.ReadAllText(System.IO.Path.Combine(path, "goldens.json"))));

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

    public static FolderGolden Require(string name) => new(Shared.Require("fixtures", "hf-models", name));

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
