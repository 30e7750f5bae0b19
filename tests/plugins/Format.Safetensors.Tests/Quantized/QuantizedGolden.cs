using System.Text.Json;

namespace Tessera.Format.Safetensors.Tests.Quantized;

/// <summary>Recorded logits of a quantized folder (../shared/fixtures/quantized-hf/README.md).</summary>
internal sealed class QuantizedGolden
{
    private const string Suffix = ".logits.json";
    private readonly JsonElement _root;

    private QuantizedGolden(string name)
    {
        Folder = Shared.Require("fixtures", "quantized-hf", name);
        _root = JsonElement.Parse(File.ReadAllBytes(Shared.Require("fixtures", "quantized-hf", name + Suffix)));
    }

    /// <summary>Every folder's name; none where the reference data is absent.</summary>
    public static IReadOnlyList<string> Names { get; } = Shared.IsPresent
        ? [.. Directory.GetFiles(Shared.Require("fixtures", "quantized-hf"), "*" + Suffix).Select(f => Path.GetFileName(f)[..^Suffix.Length]).Order(StringComparer.Ordinal)]
        : ["none"];

    /// <summary>The model's folder.</summary>
    public string Folder { get; }

    /// <summary>The largest difference of a logit that float32 arithmetic on expanded weights may have.</summary>
    public double Tolerance => _root.GetProperty("suggested_abs_tolerance").GetProperty("logits").GetDouble();

    /// <summary>The recorded sequences.</summary>
    public IEnumerable<Sequence> Sequences => _root.GetProperty("sequences").EnumerateArray().Select(s => new Sequence(
        Integers(s.GetProperty("tokens")), Integers(s.GetProperty("positions")), [.. s.GetProperty("logits").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetDouble()).ToArray())]));

    /// <summary>What follows the prompt of the greedy continuation.</summary>
    public (int[] Prompt, int[] Tokens) Greedy => (Integers(_root.GetProperty("greedy").GetProperty("prompt")), Integers(_root.GetProperty("greedy").GetProperty("tokens")));

    /// <summary>Modules with mode, bits and group size, where the file says them: <c>affine 4-bit g64</c>.</summary>
    public IReadOnlyDictionary<string, string>? Types =>
        _root.TryGetProperty("tensor_types", out JsonElement types) ? types.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!) : null;

    /// <summary>Reads a golden, or skips the test where there are none.</summary>
    public static QuantizedGolden Require(string name) => new(name);

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetInt32())];

    /// <summary>One recorded sequence.</summary>
    /// <param name="Tokens">The whole input.</param>
    /// <param name="Positions">The positions that are recorded.</param>
    /// <param name="Logits">The logits at each.</param>
    public sealed record Sequence(int[] Tokens, int[] Positions, double[][] Logits);
}
